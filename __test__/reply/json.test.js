'use strict';

const fc = require('fast-check');
const native = require('../../lib/native');
const { filledJson, jsonOf } = require('../../lib/protocol/json-text');
const { Undecodable } = require('../../lib/protocol/undecodable');
const mongoose = require('../support/mongoose');
const { arbitraryDocuments } = require('./support/arbitrary-documents');
const { outcome } = require('./support/same');

const { BSON } = mongoose.mongo;
const codec = { BSON };

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_122;
const runs = Number(process.env.POLYMONGO_RUNS) || 100;

/** @param {Uint8Array[]} documents BSON */
function written(documents) {
  const [text, gaps, missing] = native.jsonLines(Buffer.concat(documents), jsonOf(codec).highFirst);
  const pieces = filledJson(codec, text, gaps, missing);
  if (pieces.at(-1) instanceof Undecodable) throw pieces.at(-1).error;
  const [json] = pieces;
  return { json: json.toString(), gaps: gaps.length };
}

/** @param {Uint8Array[]} documents BSON */
function expected(documents) {
  return documents.map((document) => `${JSON.stringify(BSON.deserialize(document))}\n`).join('');
}

const serialize = (document) => BSON.serialize(document, { ignoreUndefined: false });

/** A document with these elements, given as BSON. */
function bytes(...elements) {
  const body = Buffer.concat(elements.map((element) => Buffer.from(element)));
  const size = Buffer.alloc(4);
  size.writeInt32LE(body.length + 5);
  return Buffer.concat([size, body, Buffer.alloc(1)]);
}

describe(`JSON written in Rust, against JSON.stringify (POLYMONGO_SEED=${seed})`, () => {
  test('random documents of all types', () => {
    fc.assert(
      fc.property(arbitraryDocuments(BSON), (documents) => {
        const all = documents.map(serialize);
        expect(written(all).json).toBe(expected(all));
      }),
      { seed, numRuns: runs * 3 },
    );
  }, 120_000);

  test('damaged documents are refused when BSON.deserialize refuses them, and written as it reads them otherwise', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(arbitraryDocuments(BSON), damage, ([document], changes) => {
        const damaged = Buffer.from(serialize(document));
        // The first four bytes say where the next document begins.
        for (const [at, byte] of changes) damaged[4 + (at % (damaged.length - 4))] = byte;
        const stringified = outcome(() => expected([damaged]));
        const actual = outcome(() => written([damaged]).json);
        if (stringified.error) expect(actual.error?.name).toBe(stringified.error.name);
        else expect(actual.value).toBe(stringified.value);
      }),
      { seed, numRuns: runs * 10 },
    );
  }, 120_000);

  test('numbers of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double(), { maxLength: 50 }),
        fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
        (n, l) => {
          const all = [
            serialize({
              n: n.map((value) => new BSON.Double(value)),
              l: l.map((v) => BSON.Long.fromBigInt(v)),
            }),
          ];
          expect(written(all)).toEqual({ json: expected(all), gaps: 0 });
        },
      ),
      { seed, numRuns: runs },
    );
  });

  test('decimals of any bits', () => {
    const bits = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const [inf, nan] = [0x78, 0x7c].map((top) =>
      Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? top : 0)),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(bits, fc.constantFrom(inf, nan)), { maxLength: 50 }), (decimals) => {
        const all = [serialize({ d: decimals.map((each) => new BSON.Decimal128(Buffer.from(each))) })];
        expect(written(all).json).toBe(expected(all));
      }),
      {
        seed,
        numRuns: runs,
        // Not canonical: one by its form, one by its size.
        examples: [
          [[Uint8Array.from([...new Array(14).fill(0), 252, 107])]],
          [[new Uint8Array(16).fill(0x2f)]],
        ],
      },
    );
    const texts = [
      '0',
      '-0',
      '0E+3',
      '1E-6176',
      '9.999999999999999999999999999999999E+6144',
      '0.000001',
      '1E-7',
      '12.50',
    ];
    const all = [serialize({ d: texts.map((text) => BSON.Decimal128.fromString(text)) })];
    expect(written(all)).toEqual({ json: expected(all), gaps: 0 });
  });

  test('dates in and out of range', () => {
    const date = (ms) => {
      const value = Buffer.alloc(8);
      value.writeBigInt64LE(ms);
      return bytes([9, 0x64, 0], value);
    };
    const edges = [0n, -1n, 8_640_000_000_000_000n, 8_640_000_000_000_001n, 2n ** 63n - 1n, -(2n ** 63n)];
    const all = [...edges, ...edges.map((ms) => -ms % 2n ** 62n)].map(date);
    expect(written(all)).toEqual({ json: expected(all), gaps: 0 });
    fc.assert(
      fc.property(fc.bigInt(-9_000_000_000_000_000n, 9_000_000_000_000_000n), (ms) => {
        expect(written([date(ms)]).json).toBe(expected([date(ms)]));
      }),
      { seed, numRuns: runs * 10 },
    );
  });

  test('keys in the order of JavaScript, many keys, and keys that occur twice', () => {
    const int = (key, value) => [0x10, ...Buffer.from(key), 0, value, 0, 0, 0];
    const nothing = (key) => [0x06, ...Buffer.from(key), 0];
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i]));
    const numbered = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${(i * 7919) % 1000}`, i]));
    const native = [
      serialize({ b: 1, 2: 'two', a: { 10: 0, 9: 1, '01': 2, 4294967295: 3, 4294967294: 4 } }),
      serialize(many),
      serialize({ deep: { many, numbered } }),
      bytes(nothing('u'), int('a', 1), nothing('v')),
      serialize({ same_beginning_1: 1, same_beginning_2: 2, 'same_beginning_1\u0001': 3 }),
    ];
    expect(written(native)).toEqual({ json: expected(native), gaps: 0 });
    const twice = [
      bytes(int('a', 1), int('b', 2), int('a', 3)),
      bytes(int('1', 1), int('b', 2), int('1', 3)),
      bytes(int('a', 1), nothing('a'), int('b', 1)),
      bytes(int('longer_than_seven', 1), int('b', 2), int('longer_than_seven', 3)),
      bytes([0x10, 0xff, 0, 1, 0, 0, 0]),
    ];
    expect(written(twice)).toEqual({ json: expected(twice), gaps: twice.length });
  });

  test('strings of all characters, and bytes that are none', () => {
    const characters = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
    const all = [
      serialize({
        [characters.slice(1, 300)]: characters,
        astral: '\u{1f600}\u{10ffff}',
        bom: '\ufeff\ufffd',
      }),
    ];
    expect(written(all)).toEqual({ json: expected(all), gaps: 0 });
    const broken = bytes([2, 0x73, 0, 4, 0, 0, 0, 0xed, 0xa0, 0x80, 0]);
    expect(() => written([broken])).toThrow(BSON.BSONError);
  });

  test('documents of any depth', () => {
    let nested = { end: [] };
    for (let level = 0; level < 98; level++) nested = { a: [nested] };
    const all = [serialize(nested), serialize({ a: nested, b: [nested, nested] })];
    expect(written(all)).toEqual({ json: expected(all), gaps: 0 });
    const deeper = [serialize({ a: { b: { c: { d: { e: nested } } } } }), serialize({ ok: 1 })];
    expect(written(deeper)).toEqual({ json: expected(deeper), gaps: 1 });
  });
});
