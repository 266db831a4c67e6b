'use strict';

const mongoose = require('../support/mongoose');
const { HOSTILE_KEYS, ownProperties } = require('./support/arbitrary-documents');
const bytes = require('./support/bson-bytes');
const { assertSame, outcome } = require('./support/same');
const { createUnpacker } = require('./support/unpacker');

const { BSON } = mongoose.mongo;
const { Long, ObjectId } = BSON;

/** Enough for a shape to be learned, interpreted and compiled. */
const ROUNDS = 12;

const serialize = (document) => BSON.serialize(document, { ignoreUndefined: false });

/** Reads documents again and again, and compares with the user's BSON each time. */
function expectSame(documents, unpacker = createUnpacker(BSON)) {
  const encoded = documents.map((document) => (Buffer.isBuffer(document) ? document : serialize(document)));
  const expected = encoded.map((document) => BSON.deserialize(document));
  for (let round = 0; round < ROUNDS; round++) assertSame(unpacker.unpack(encoded), expected);
  return unpacker;
}

/** Expects that nothing of the documents travels as BSON once their shapes are known. */
function expectUnpacked(unpacker, documents) {
  const [, , blobs] = unpacker.parts(documents.map(serialize));
  expect(blobs).toEqual([]);
}

describe('values', () => {
  test('the usual types are unpacked in Rust', () => {
    const document = {
      _id: new ObjectId(),
      name: 'Ada',
      age: 36,
      score: 1.5,
      active: true,
      createdAt: new Date(),
      deletedAt: null,
      tags: ['a', 'b', 'c'],
      places: [{ city: 'Zürich' }, { city: '京都' }],
      address: { street: 'Main Street', geo: { lat: -0, lng: Number.NaN } },
      views: Long.fromNumber(2 ** 40),
      many: Long.MAX_VALUE,
    };
    expectUnpacked(expectSame([document]), [document]);
  });

  test.each([
    ['int32', [0, 1, -1, 2147483647, -2147483648]],
    [
      'double',
      [-0, 0.5, 1e300, 5e-324, Number.NaN, Infinity, -Infinity, new BSON.Double(3), new BSON.Double(-0)],
    ],
    [
      'int64',
      [
        '0',
        '-1',
        '9007199254740991',
        '9007199254740992',
        '9007199254740993',
        '-9007199254740992',
        '-9007199254740993',
        '9223372036854775807',
        '-9223372036854775808',
      ].map((text) => Long.fromString(text)),
    ],
    ['date', [0, -1, 8.64e15, -8.64e15, 1.7e12].map((time) => new Date(time))],
    ['boolean', [true, false]],
    ['nothing', [null, undefined]],
    [
      'ObjectId',
      ['0'.repeat(24), 'f'.repeat(24), '7ff0000000007ff000000000', '0102030405060708090a0b0c'].map(
        (hex) => new ObjectId(hex),
      ),
    ],
    ['array', [[], [1], [[]], [[], [[1, [2]]]], [null], [null, 1], [undefined, 'a']]],
    ['document', [{}, { a: {} }, { a: { b: {} } }]],
    [
      'reference',
      [
        new BSON.DBRef('c', new ObjectId()),
        { $ref: 'c' },
        { $id: 1 },
        { $ref: 'c', $id: 1, $no: 2 },
        { $ref: 1, $id: 1 },
        { $ref: 'c', $id: 1, $db: 2 },
        { a: 1, $ref: 'a.b', $id: 1 },
      ],
    ],
    ['binary', [0, 2, 3, 4, 5, 128].map((type) => new BSON.Binary(Buffer.from('0123456789abcdef'), type))],
  ])('%s', (_, values) => {
    // As the value that the shape expects, as one it does not, and among others.
    expectSame(values.map((value) => ({ value })));
    expectSame(values.flatMap((value) => [{ value }, { value: 'other' }, { value: null }, { value: [1] }]));
    expectSame([
      { values },
      { values: ['first', ...values] },
      { values: [{ a: 1 }, ...values] },
      { values: [1.5, ...values] },
    ]);
    expectSame(values.flatMap((value) => (isDocument(value) ? [value] : [])));
  });

  test('a date beyond all dates is an invalid one', () => {
    const date = Buffer.alloc(8);
    date.writeBigInt64LE(8_640_000_000_000_001n);
    const document = bytes.document(bytes.element(0x09, 'a', date), bytes.int32('b', 1));
    expectSame([document]);
    expect(createUnpacker(BSON).unpack([document])[0].a.getTime()).toBeNaN();
  });

  test('the very bits of a NaN do not matter', () => {
    for (const bits of [0x7ff0000000000001n, 0x7ff8000000000000n, 0xfff8000000000000n, 0xffffffffffffffffn]) {
      const double = Buffer.alloc(8);
      double.writeBigUInt64LE(bits);
      expectSame([bytes.document(bytes.element(0x01, 'a', double), bytes.int32('b', 7))]);
    }
  });

  test('an ObjectId of the result is its own', () => {
    const ids = Array.from({ length: 20 }, () => new ObjectId());
    const unpacker = expectSame([{ ids }]);
    const [read] = unpacker.unpack([serialize({ ids })]);
    expect(read.ids.map(String)).toEqual(ids.map(String));
    expect(read.ids.every((id) => id instanceof mongoose.Types.ObjectId)).toBe(true);
  });
});

/** @param {any} value */
function isDocument(value) {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

describe('texts', () => {
  const EMOJI = '\u{1f600}';

  test.each([
    ['empty', ''],
    ['latin', 'é'],
    ['a byte order mark', '\ufeffa'],
    ['surrogate pairs', EMOJI.repeat(3)],
    ['NUL', 'a\0b'],
    ['as long as a text of its own', 'x'.repeat(1025)],
    ['1 MB', 'x'.repeat(2 ** 20)],
    ['1 MB that is not ASCII', `${EMOJI}${'x'.repeat(2 ** 20)}`],
  ])('%s', (_, text) => {
    const document = { a: 'before', text, b: 'behind', c: ['ü', text, 'ascii'] };
    expectUnpacked(expectSame([document, document]), [document]);
  });

  test('thousands of them, narrow and wide in turn', () => {
    const documents = Array.from({ length: 300 }, (_, n) => ({
      narrow: 'n'.repeat(n),
      wide: 'ü'.repeat(n % 50),
      both: [`${n}`, `${EMOJI}${n}`, `é${n}`],
    }));
    expectUnpacked(expectSame(documents), documents);
  });

  test('bytes that are not UTF-8 are refused as BSON.deserialize refuses them', () => {
    for (const invalid of ['ff', 'c0af', 'eda080', 'f4908080', '61e9']) {
      const bad = bytes.document(bytes.string('a', Buffer.from(invalid, 'hex')), bytes.int32('b', 1));
      const good = bytes.document(bytes.string('a', Buffer.from('ok')), bytes.int32('b', 1));
      const { error } = outcome(() => BSON.deserialize(bad));
      expect(error).toBeInstanceOf(BSON.BSONError);
      const unpacker = expectSame([good]);
      for (let round = 0; round < ROUNDS; round++) {
        expect(() => unpacker.unpack([good, bad])).toThrow(error.message);
        assertSame(unpacker.unpack([good]), [BSON.deserialize(good)]);
      }
    }
  });
});

describe('keys', () => {
  test('hostile ones, alone and together', () => {
    expectSame(HOSTILE_KEYS.map((key) => ownProperties([[key, 1]])));
    expectSame([ownProperties(HOSTILE_KEYS.map((key, n) => [key, n]))]);
    expectSame([ownProperties(HOSTILE_KEYS.map((key) => [key, ownProperties([[key, 'x']])]))]);
    expect(Object.prototype).not.toHaveProperty('isAdmin');
  });

  test('__proto__ is a key like any other', () => {
    const document = ownProperties([
      ['__proto__', { isAdmin: true }],
      ['a', 1],
    ]);
    const unpacker = expectSame([document]);
    for (let round = 0; round < ROUNDS; round++) {
      const [read] = unpacker.unpack([serialize(document)]);
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
      expect(read.isAdmin).toBeUndefined();
      expect(Object.keys(read)).toEqual(['__proto__', 'a']);
    }
  });

  test('given twice: the last value, at the first place', () => {
    const twice = (key) => bytes.document(bytes.int32(key, 1), bytes.int32('b', 2), bytes.int32(key, 3));
    expectSame([twice('a'), twice('__proto__'), twice('7'), twice('')]);
  });

  test('bytes that are not UTF-8', () => {
    expectSame([bytes.document(bytes.int32(Buffer.from('61ff62', 'hex'), 1), bytes.int32('b', 2))]);
  });

  test('hundreds and thousands in one document', () => {
    for (const count of [255, 256, 257, 5000]) {
      expectSame([Object.fromEntries(Array.from({ length: count }, (_, n) => [`key${n}`, n]))]);
    }
  });

  test('the order of keys is the shape', () => {
    expectSame([{ a: 1, b: 2 }, { b: 1, a: 2 }, { a: 1 }, {}, { a: 1, b: 2, c: 3 }, { c: 1, b: 2, a: 3 }]);
  });
});

describe('shapes', () => {
  test('change in the midst of a batch', () => {
    const documents = Array.from({ length: 500 }, (_, n) => ({
      _id: n,
      ...(n % 2 === 0 && { even: true }),
      ...(n % 3 === 0 && { third: { n, ...(n % 5 === 0 && { fifth: [n] }) } }),
      value: [n, `${n}`, null, { n }, n / 2, new Date(n), [n]][n % 7],
    }));
    expectSame(documents);
  });

  test('arrays of every length and mixture', () => {
    const kinds = [
      1,
      'a',
      true,
      null,
      1.5,
      new Date(0),
      new ObjectId(),
      { a: 1 },
      [1],
      new BSON.MinKey(),
      'ü',
    ];
    for (let length = 0; length < 30; length++) {
      const documents = kinds.map((_, first) => ({
        same: Array.from({ length }, () => kinds[first]),
        mixed: Array.from({ length }, (_, n) => kinds[(first + n) % kinds.length]),
      }));
      expectSame(documents);
    }
    expectSame([
      {
        numbers: Array.from({ length: 1536 }, (_, n) => n / 7),
        integers: Array.from({ length: 5000 }, (_, n) => n),
      },
    ]);
  });

  test('null and missing parts are no shapes of their own', () => {
    const unpacker = createUnpacker(BSON);
    const part = (n) =>
      [null, { city: 'x', zip: null }, { city: null, zip: 7 }, { city: 'y', zip: '7' }][n % 4];
    expectSame(
      Array.from({ length: 64 }, (_, n) => ({ a: part(n), b: part(n >> 2), c: [part(n >> 4)] })),
      unpacker,
    );
    // The document's and the part's, each once with what was known at its first sight and once with more.
    expect(unpacker.shape(6)).toBeNull();
  });

  test('more of them than are remembered', () => {
    const documents = Array.from({ length: 6000 }, (_, n) => ({ [`key${n}`]: n, same: { x: n } }));
    const unpacker = createUnpacker(BSON);
    const encoded = documents.flatMap((document) => [serialize(document), serialize(document)]);
    const expected = documents.flatMap((document) => [document, document]);
    for (let round = 0; round < 4; round++) assertSame(unpacker.unpack(encoded), expected);
    expect(unpacker.shape(4096)).not.toBeNull();
    expect(unpacker.shape(4097)).toBeNull();
  });

  test('keys that are ids do not use up what is remembered', () => {
    const unpacker = createUnpacker(BSON);
    const documents = Array.from({ length: 2000 }, (_, n) => ({ votes: { [`user${n}`]: 1 } }));
    expectSame(documents, unpacker);
    expect(unpacker.shape(100)).toBeNull();
  });
});

describe('depth', () => {
  test.each([1, 2, 100, 150, 180, 200, 201, 500])('%d levels', (levels) => {
    const list = { a: [[[[{ b: 1 }]]]] };
    expectSame([bytes.nested(levels), serialize(list)]);
  });

  test('a depth that would overflow a stack does not end the process', () => {
    const unpacker = createUnpacker(BSON);
    const deep = bytes.nested(20_000);
    const expected = outcome(() => BSON.deserialize(deep));
    for (let round = 0; round < 3; round++) {
      const actual = outcome(() => unpacker.unpack([deep])[0]);
      expect(actual.error?.name).toBe(expected.error?.name);
    }
  });
});

describe('what is not BSON', () => {
  const good = bytes.document(bytes.int32('a', 1));

  test.each([
    ['a value that is cut off', bytes.document(Buffer.from('1061000100', 'hex'))],
    ['an unknown type', bytes.document(bytes.element(0x20, 'a', Buffer.alloc(4)))],
    ['a boolean that is neither', bytes.document(bytes.element(0x08, 'a', Buffer.of(2)))],
    [
      'a string without its end',
      bytes.document(bytes.element(0x02, 'a', Buffer.from('0200000061ff', 'hex'))),
    ],
    [
      'a string longer than all',
      bytes.document(bytes.element(0x02, 'a', Buffer.from('ffffff7f6100', 'hex'))),
    ],
    ['a negative length', bytes.document(bytes.element(0x03, 'a', Buffer.from('ffffffff00', 'hex')))],
    ['a document without its end', Buffer.from('0c0000001061000100000001', 'hex')],
    ['a key without its end', Buffer.from('0700000010610000', 'hex').subarray(0, 7)],
    ['a length only', Buffer.from('04000000', 'hex')],
  ])('%s is refused as BSON.deserialize refuses it', (_, bad) => {
    const { error } = outcome(() => BSON.deserialize(bad));
    const unpacker = expectSame([good]);
    for (let round = 0; round < ROUNDS; round++) {
      const actual = outcome(() => unpacker.unpack([good, bad]));
      expect(actual.error).toBeInstanceOf(error.constructor);
      assertSame(unpacker.unpack([good]), [{ a: 1 }]);
    }
  });
});
