'use strict';

const fc = require('fast-check');
const { HOSTILE_KEYS, arbitraryDocuments, ownProperties } = require('../reply/support/arbitrary-documents');

/** As fields, whatever their names: to assign `__proto__` would change the prototype. */
function withFields(target, object) {
  return Object.defineProperties(target, Object.getOwnPropertyDescriptors(object));
}

class Person {
  constructor(fields) {
    withFields(this, fields);
  }

  get inherited() {
    return 'not its own';
  }
}

function detached() {
  const content = new Uint8Array(5);
  structuredClone(content.buffer, { transfer: [content.buffer] });
  return content;
}

/** Whatever JavaScript may hold and a BSON library is then asked to write. */
function arbitraryOddities(BSON, foreign, value, fields) {
  const made = (make) => fields.map((entries) => make(ownProperties(entries)));
  const hidden = (object, name, content) => Object.defineProperty(object, name, { value: content });
  return fc.oneof(
    fc.constantFrom(
      () => 1,
      Object.assign(() => 1, { toBSON: () => 'from a function' }),
      Symbol('s'),
      Object(Symbol('s')),
      new Date(Number.NaN),
      new Date(8.64e15),
      new Date(-1),
      new (class extends Date {
        getTime() {
          return 12.5;
        }
      })(),
      Object.setPrototypeOf({}, Date.prototype),
      /a\0b/,
      /x/gimsu,
      new Error('an error'),
      new Set([1]),
      new WeakMap(),
      new String('boxed'),
      new Number(5),
      new ArrayBuffer(3),
      new Uint16Array([1, 2]),
      detached(),
      new DataView(new ArrayBuffer(2)),
      Promise.resolve(1),
      globalThis.process.versions,
      foreign.ObjectId.createFromHexString('00000000000000000000000a'),
      foreign.Long.fromNumber(5),
      new BSON.Int32(-7),
      new BSON.Double(5),
      new BSON.Double(-0),
      new BSON.UUID('0b8a2ab5-31b9-4d6e-a1f9-4b6d76a4e2f1'),
      new BSON.Binary(Buffer.from([0x03, 0x00, 1, 2]), 9),
      new BSON.Binary(Buffer.from([0x03, 0x09, 1, 2]), 9),
      Object.assign(new BSON.BSONRegExp('a'), { pattern: 'a\0b' }),
      hidden(new BSON.ObjectId('00000000000000000000000b'), '_bsontype', 'Decimal128'),
      hidden(new BSON.ObjectId('00000000000000000000000c'), 'toBSON', () => 'no id'),
      { _bsontype: 'ObjectId', id: 'x' },
      { _bsontype: 'Nonsense' },
      { _bsontype: null, a: 1 },
      { toBSON: 5, a: 1 },
      { [Symbol.toStringTag]: 'Map', entries: () => [['a', 1]][Symbol.iterator]() },
      { [Symbol.toStringTag]: 'Date', getTime: () => 77 },
      { [Symbol.toStringTag]: 'Other', a: 1 },
      Object.assign([1, 2], { extra: 1 }),
      // biome-ignore lint/suspicious/noSparseArray: holes are the point
      [1, , undefined, 3],
      new (class List extends Array {})(3),
      new Array(1100).fill(7),
    ),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.constantFrom(
      '\ud800',
      'a\udc00b',
      'é',
      '中文',
      '\u{1f600}',
      'x'.repeat(16),
      'é'.repeat(16),
      'x'.repeat(17),
    ),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
    value.map((to) => ({ toBSON: () => to })),
    value.map((to) => ({ toBSON: () => ({ toBSON: () => to }) })),
    value.map((to) => hidden({ a: 1 }, 'toBSON', () => to)),
    value.map((to) => Object.assign([1], { toBSON: () => to })),
    value.map((to) => ({ ['x'.repeat(200)]: to })),
    fields.map((entries) => new Map(entries)),
    made((object) => new Person(object)),
    made((object) => Object.freeze(object)),
    made((object) => withFields(Object.create(null), object)),
    made((object) => withFields(Object.create({ inherited: 1 }), object)),
    made((object) => new Proxy(object, {})),
    made((object) => hidden(object, 'hidden', 1)),
    made((object) => {
      const getters = {};
      for (const key of Object.keys(object)) {
        Object.defineProperty(getters, key, { get: () => object[key], enumerable: true });
      }
      return getters;
    }),
    made((object) => {
      // Out of the fast mode of V8.
      const slow = { ...object, gone: 1 };
      delete slow.gone;
      return slow;
    }),
    made((object) => {
      const circle = { object };
      circle.circle = { list: [circle] };
      return circle;
    }),
    made((object) => ({ once: object, twice: object, list: [object, object] })),
    fc.nat(70).map((levels) => {
      let deep = { end: 1 };
      for (let i = 0; i < levels; i++) deep = i % 3 === 0 ? [deep] : { a: deep, b: i };
      return deep;
    }),
  );
}

/**
 * A few documents, each with versions that have the same keys and other values.
 * @returns {fc.Arbitrary<object[]>}
 */
function arbitraryInputs(BSON, foreign) {
  const common = arbitraryDocuments(BSON).map(([document]) => document);
  const key = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e') },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_KEYS, '\ud800', 'é'.repeat(60), '$clusterTime') },
    { weight: 1, arbitrary: fc.constantFrom('a\0b', 'toBSON', '_bsontype', 'length', 'x'.repeat(101)) },
  );
  const { fields } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      { weight: 5, arbitrary: common.map((document) => Object.values(document)[0]) },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
      { weight: 3, arbitrary: tie('odd') },
    ),
    odd: arbitraryOddities(BSON, foreign, tie('value'), tie('fields')),
    fields: fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }),
  }));
  const versions = fields.map((entries) =>
    entries.map((_, turn) =>
      ownProperties(entries.map(([name], i) => [name, entries[(i + turn) % entries.length][1]])),
    ),
  );
  return fc.oneof(
    common.map((document) => [document]),
    versions,
    fc.tuple(versions, versions).map(([one, other]) => [...one, ...other]),
    // As a whole document, anything.
    arbitraryOddities(BSON, foreign, common, fields).map((odd) => [odd]),
    fc.constantFrom(
      [null],
      [undefined],
      [[]],
      ['text'],
      [5],
      [new BSON.ObjectId('00000000000000000000000d')],
    ),
  );
}

module.exports = { arbitraryInputs };
