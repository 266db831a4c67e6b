'use strict';

/** An object of so many levels. */
function nested(levels, wrap = (inner) => ({ a: inner })) {
  let value = 1;
  for (let i = 0; i < levels; i++) value = wrap(value, i);
  return value;
}

function cyclic() {
  const value = { a: { b: {} } };
  value.a.b.c = value;
  return value;
}

/** Own keys as given, whatever they are called. */
function owning(...entries) {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function detached() {
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

function throwing(message) {
  return () => {
    throw new TypeError(message);
  };
}

class Point {
  #hidden = 1;
  constructor() {
    this.x = 1;
    this.method = () => this.#hidden;
  }
  get computed() {
    return 2;
  }
}

/**
 * What applications hand over by mistake, and every kind of value that BSON knows: `[name, factory]`. Each side of a
 * comparison gets values of its own.
 * @param {any} BSON the library under test
 * @param {any} Foreign the one of another major version
 * @returns {[string, () => any][]}
 */
function oddValues(BSON, Foreign) {
  return [
    ['undefined', () => undefined],
    ['null', () => null],
    ['an empty object', () => ({})],
    ['an empty array', () => []],
    ['an empty string', () => ''],
    ['a string', () => 'text'],
    ['true', () => true],
    ['minus zero', () => -0],
    ['NaN', () => Number.NaN],
    ['Infinity', () => -Infinity],
    ['the least number', () => Number.MIN_VALUE],
    ['2^31', () => 2 ** 31],
    ['2^53', () => 2 ** 53],
    ['2^64', () => 2 ** 64],
    ['a BigInt', () => 5n],
    ['the largest BigInt', () => 2n ** 63n - 1n],
    ['a BigInt out of range', () => 2n ** 63n],
    ['a BigInt far out of range', () => -(10n ** 40n)],
    ['a boxed number', () => Object(1)],
    ['a boxed string', () => Object('ab')],
    ['a boxed boolean', () => Object(false)],
    ['a boxed BigInt', () => Object(1n)],
    ['a boxed symbol', () => Object(Symbol('s'))],
    ['a function', () => function f() {}],
    ['an arrow function', () => () => 1],
    ['a class', () => Point],
    ['a symbol', () => Symbol('s')],
    ['undefined in an object', () => ({ a: undefined, b: 1 })],
    ['undefined in an array', () => [undefined, 1, undefined]],
    ['a function in an object', () => ({ a: () => 1, b: 1 })],
    ['a function in an array', () => [() => 1, 1]],
    ['a symbol in an object', () => ({ a: Symbol('s'), b: 1 })],
    ['a symbol in an array', () => [Symbol('s')]],
    ['a key that is a symbol', () => ({ [Symbol('s')]: 1, b: 1 })],
    ['a hole in an array', () => Object.assign(new Array(3), { 0: 1, 2: 3 })],
    ['an array with properties', () => Object.assign([1, 2], { more: 3 })],
    ['a cycle', () => cyclic()],
    [
      'a cycle of arrays',
      () => {
        const list = [1];
        list.push([list]);
        return list;
      },
    ],
    [
      'a cycle through a map',
      () => {
        const map = new Map();
        map.set('self', { map });
        return map;
      },
    ],
    [
      'one object twice, which is no cycle',
      () => {
        const shared = { s: 1 };
        return { a: shared, b: [shared, shared] };
      },
    ],
    ['170 levels', () => nested(170)],
    ['170 levels of arrays', () => nested(170, (inner) => [inner])],
    ['1,000 levels', () => nested(1000)],
    ['1,000 levels of arrays', () => nested(1000, (inner) => [inner])],
    ['1,000 mixed levels', () => nested(1000, (inner, i) => (i % 2 ? [inner] : { a: inner }))],
    ['NUL in a key', () => ({ 'a\0b': 1 })],
    ['NUL in a deeper key', () => ({ a: [{ '\0': 1 }] })],
    ['NUL in a key of a map', () => new Map([['a\0b', 1]])],
    ['NUL in a string', () => 'a\0b'],
    ['NUL in a pattern', () => /a\0b/],
    ['half a surrogate pair', () => 'a\ud800b'],
    ['half a surrogate pair in a key', () => ({ 'a\udc00': 1 })],
    ['an empty key', () => ({ '': 1 })],
    ['a key with dots', () => ({ 'a.b': 1 })],
    ['a key with a dollar', () => ({ $a: 1 })],
    ['a key that is a number', () => ({ 2: 'b', 1: 'a', a: 'c' })],
    ['__proto__ as a key', () => owning(['__proto__', { isAdmin: true }], ['b', 1])],
    ['__proto__ as a deeper key', () => ({ a: [owning(['__proto__', { isAdmin: true }])] })],
    [
      'other inherited names as keys',
      () => owning(['constructor', 1], ['toString', 2], ['hasOwnProperty', 3]),
    ],
    ['a null prototype', () => Object.assign(Object.create(null), { a: 1 })],
    ['inherited properties', () => Object.create({ inherited: 1 })],
    ['a class instance', () => new Point()],
    ['an error', () => Object.assign(new Error('no'), { stack: 'here' })],
    ['a map', () => new Map([['a', 1]])],
    [
      'a map with keys that are no strings',
      () =>
        new Map([
          [1, 'a'],
          [{}, 'b'],
        ]),
    ],
    ['a set', () => new Set([1, 2])],
    ['a weak map', () => new WeakMap()],
    ['a promise', () => Promise.resolve(1)],
    ['a proxy', () => new Proxy({ a: 1 }, {})],
    ['a revoked proxy', revoked],
    ['a proxy that throws', () => new Proxy({ a: 1 }, { ownKeys: throwing('no keys') })],
    [
      'a getter that throws',
      () => Object.defineProperty({ a: 1 }, 'b', { get: throwing('no b'), enumerable: true }),
    ],
    [
      'a getter',
      () => ({
        get a() {
          return 1;
        },
      }),
    ],
    ['toBSON() that throws', () => ({ toBSON: throwing('not today') })],
    ['toBSON() to undefined', () => ({ toBSON: () => undefined })],
    ['toBSON() to null', () => ({ toBSON: () => null })],
    ['toBSON() to a number', () => ({ toBSON: () => 7 })],
    ['toBSON() to an array', () => ({ toBSON: () => [1] })],
    ['toBSON() to a function', () => ({ toBSON: () => () => 1 })],
    ['toBSON() to toBSON()', () => ({ toBSON: () => ({ a: 1, toBSON: () => ({ b: 1 }) }) })],
    [
      'toBSON() to itself',
      () => {
        const self = { a: 1, toBSON: () => self };
        return self;
      },
    ],
    ['toBSON() to an object', () => ({ toBSON: () => ({ a: 1, $b: 2 }) })],
    ['toBSON that is no function', () => ({ toBSON: 'text' })],
    ['a date', () => new Date(1e12)],
    ['an invalid date', () => new Date(Number.NaN)],
    ['the first date', () => new Date(-8.64e15)],
    ['the last date', () => new Date(8.64e15)],
    ['a pattern', () => /a|b/gimsuy],
    ['an empty pattern', () => /(?:)/],
    ['a buffer', () => Buffer.from('bytes')],
    ['an empty buffer', () => Buffer.alloc(0)],
    ['Uint8Array', () => new Uint8Array([1, 2])],
    ['a part of a Uint8Array', () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
    ['Uint8ClampedArray', () => new Uint8ClampedArray([1, 2])],
    ['Int16Array', () => new Int16Array([1, -2])],
    ['Float64Array', () => new Float64Array([1.5])],
    ['BigInt64Array', () => new BigInt64Array([1n])],
    ['DataView', () => new DataView(new ArrayBuffer(3))],
    ['ArrayBuffer', () => new ArrayBuffer(3)],
    ['SharedArrayBuffer', () => new SharedArrayBuffer(3)],
    ['a detached array', detached],
    ['ObjectId', () => new BSON.ObjectId('0123456789abcdef01234567')],
    [
      'ObjectId of a wrong length',
      () => Object.assign(new BSON.ObjectId('0123456789abcdef01234567'), { buffer: Buffer.alloc(3) }),
    ],
    ['Int32', () => new BSON.Int32(5)],
    ['Int32 out of range', () => new BSON.Int32(2 ** 40)],
    ['Double', () => new BSON.Double(5)],
    ['Double that is text', () => Object.assign(new BSON.Double(5), { value: 'five' })],
    ['Long', () => BSON.Long.fromBigInt(-(2n ** 63n))],
    ['an unsigned Long', () => BSON.Long.fromBigInt(2n ** 64n - 1n, true)],
    ['Decimal128', () => BSON.Decimal128.fromString('-0.10E+50')],
    ['Decimal128 of NaN', () => BSON.Decimal128.fromString('NaN')],
    ['Timestamp', () => new BSON.Timestamp({ t: 7, i: 9 })],
    ['MinKey', () => new BSON.MinKey()],
    ['MaxKey', () => new BSON.MaxKey()],
    ['Code', () => new BSON.Code('return 1')],
    ['Code with a scope', () => new BSON.Code('return a', { a: 1, b: { c: undefined } })],
    [
      'Code of a function',
      () =>
        new BSON.Code(function f() {
          return 1;
        }),
    ],
    ['Code with a cyclic scope', () => new BSON.Code('return a', cyclic())],
    ['Code that is too deep', () => new BSON.Code('return a', nested(1000))],
    ['BSONRegExp', () => new BSON.BSONRegExp('a', 'xi')],
    ['BSONSymbol', () => new BSON.BSONSymbol('s')],
    ['DBRef', () => new BSON.DBRef('c', new BSON.ObjectId('0123456789abcdef01234567'), 'd', { more: 1 })],
    ['Binary of subtype 2', () => new BSON.Binary(Buffer.from('ab'), 2)],
    ['Binary of subtype 128', () => new BSON.Binary(Buffer.from('ab'), 128)],
    ['UUID', () => new BSON.UUID('0123456789abcdef0123456789abcdef')],
    ['a Binary that is half written', () => new BSON.Binary()],
    ['a vector', () => BSON.Binary.fromInt8Array?.(new Int8Array([1, 2])) ?? null],
    ['ObjectId of another bson', () => new Foreign.ObjectId('0123456789abcdef01234567')],
    ['Long of another bson', () => Foreign.Long.fromNumber(1)],
    ['a deeper type of another bson', () => ({ a: [new Foreign.Int32(1)] })],
    ['an unknown _bsontype', () => ({ _bsontype: 'Nope' })],
    ['a forged ObjectId', () => ({ _bsontype: 'ObjectId', id: 'x' })],
    ['a forged _bsontype', () => ({ _bsontype: 5, a: 1 })],
    [
      'a forged Long',
      () => ({
        _bsontype: 'Long',
        low: 1,
        high: 2,
        [Symbol.for('@@mdb.bson.version')]: BSON.BSONRuntimeError === undefined ? 6 : 7,
      }),
    ],
  ];
}

module.exports = { cyclic, nested, oddValues, owning };
