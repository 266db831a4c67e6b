'use strict';

const fc = require('fast-check');

const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '$ref',
  '$id',
  '$db',
  '$where',
  '',
  ' ',
  '"',
  "'",
  '`',
  '\\',
  '"]: process.exit(), ["',
  '0',
  '1',
  '-1',
  '42',
  '01',
  '4294967294',
  '4294967295',
  '9007199254740993',
  'a.b',
  'a\nb',
  '\u2028',
  'é',
  '中',
  '\u{1f600}',
  '\ufeff',
];

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const NEAR_2_53 = { min: 2n ** 53n - 3n, max: 2n ** 53n + 3n };

/** Documents of all BSON types, few keys in many orders, so that shapes come back and differ a little. */
function arbitraryDocuments(BSON) {
  const bytes = (length) =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
  const long = (range) => fc.bigInt(range).map((value) => BSON.Long.fromBigInt(value));
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.string({ maxLength: 30 }) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }).map((s) => s.repeat(500)),
    },
  );
  const leaf = fc.oneof(
    text,
    fc.integer(),
    fc.double(),
    fc.constantFrom(
      -0,
      Number.NaN,
      Infinity,
      2 ** 53,
      -(2 ** 53),
      2 ** 31,
      -(2 ** 31),
      true,
      false,
      null,
      undefined,
    ),
    fc.integer().map((value) => new BSON.Double(value)),
    long(INT64),
    long(NEAR_2_53),
    fc.date({ noInvalidDate: true }),
    long(INT64).map((value) => new BSON.Timestamp(value.toUnsigned())),
    bytes(12).map((id) => new BSON.ObjectId(id)),
    bytes(16).map((id) => new BSON.Binary(id, 4)),
    bytes(16).map((value) => new BSON.Decimal128(value)),
    fc.uint8Array({ maxLength: 40 }).map((value) => new BSON.Binary(Buffer.from(value), 0)),
    fc.uint8Array({ maxLength: 40 }).map((value) => new BSON.Binary(Buffer.from(value), 2)),
    fc.constantFrom(
      new BSON.MinKey(),
      new BSON.MaxKey(),
      new BSON.Code('return 1'),
      new BSON.Code('return a', { a: 1 }),
      new BSON.BSONSymbol('symbol'),
      new BSON.BSONRegExp('a|b', 'imx'),
      /^é/i,
      new BSON.DBRef('c', new BSON.ObjectId('00000000000000000000000f'), 'd', { more: 1 }),
    ),
  );
  const key = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e') },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_KEYS) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }).filter((k) => !k.includes('\0')) },
  );
  const { document } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 9 }),
      tie('document'),
    ),
    document: fc.array(fc.tuple(key, tie('value')), { maxLength: 8 }).map(ownProperties),
  }));
  return fc.array(document, { minLength: 1, maxLength: 6 });
}

/** @param {[string, unknown][]} entries */
function ownProperties(entries) {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

module.exports = { HOSTILE_KEYS, arbitraryDocuments, ownProperties };
