'use strict';

const { Pairs, parseOrdered } = require('./ordered-json');

/** What a key means that stands first in an object and says its type. */
const TAGGED = new Set([
  '$numberDouble',
  '$numberInt',
  '$numberLong',
  '$numberDecimal',
  '$oid',
  '$date',
  '$binary',
  '$uuid',
  '$regularExpression',
  '$timestamp',
  '$code',
  '$symbol',
  '$dbPointer',
  '$undefined',
  '$minKey',
  '$maxKey',
]);

/** @param {Pairs} pairs */
function isTagged({ entries }) {
  const [first, second] = entries;
  if (first === undefined || !TAGGED.has(first[0])) return false;
  return entries.length === 1 || (entries.length === 2 && first[0] === '$code' && second[0] === '$scope');
}

/** @param {any} value */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Pairs
    ? Object.fromEntries(value.entries.map(([key, part]) => [key, plain(part)]))
    : value;
}

/** @param {number} size @param {(bytes: Buffer) => void} fill */
function sized(size, fill) {
  const bytes = Buffer.allocUnsafe(size);
  fill(bytes);
  return bytes;
}

const ofDouble = (/** @type {number} */ value) => sized(8, (bytes) => bytes.writeDoubleLE(value));
const ofInt = (/** @type {number} */ value) => sized(4, (bytes) => bytes.writeInt32LE(value));
const ofLong = (/** @type {bigint} */ value) => sized(8, (bytes) => bytes.writeBigInt64LE(value));
const isInt = (/** @type {number} */ value) => (value | 0) === value && !Object.is(value, -0);

/** What documents mostly consist of, by tag: BSON type and bytes, or null where it takes a closer look. */
const COMMON = /** @type {Record<string, (value: any) => [number, Buffer] | null>} */ ({
  $numberInt: (text) => (isInt(Number(text)) ? [16, ofInt(Number(text))] : null),
  $numberLong: (text) => (/^-?\d{1,18}$/.test(text) ? [18, ofLong(BigInt(text))] : null),
  $numberDouble: (text) => (/^-?\d[\d.eE+-]*$/.test(text) ? [1, ofDouble(Number(text))] : null),
  $oid: (text) => (/^[0-9a-f]{24}$/i.test(text) ? [7, Buffer.from(text, 'hex')] : null),
  $date: (value) => {
    const text = value instanceof Pairs ? value.get('$numberLong') : null;
    return /^-?\d{1,18}$/.test(text) ? [9, ofLong(BigInt(text))] : null;
  },
  $undefined: () => [6, Buffer.alloc(0)],
});

/** @param {any} value @param {boolean} extended @returns {[number, Buffer]} */
function scalar(value, extended) {
  if (value === null) return [10, Buffer.alloc(0)];
  if (typeof value === 'boolean') return [8, Buffer.from([value ? 1 : 0])];
  if (typeof value === 'string') {
    const text = Buffer.from(`${value}\0`);
    return [2, Buffer.concat([ofInt(text.length), text])];
  }
  if (isInt(value)) return [16, ofInt(value)];
  return extended && Number.isSafeInteger(value) && !Object.is(value, -0)
    ? [18, ofLong(BigInt(value))]
    : [1, ofDouble(value)];
}

/** Writes BSON element by element. @param {any} BSON @param {boolean} extended */
function createWriter(BSON, extended) {
  /** Whatever type js-bson makes of it, taken out of a document of this one element. @param {Pairs} pairs */
  function rare(pairs) {
    const value = BSON.EJSON.deserialize(plain(pairs), { relaxed: false });
    const bytes = Buffer.from(BSON.serialize({ k: value }));
    return /** @type {[number, Buffer]} */ ([bytes[4], bytes.subarray(7, -1)]);
  }

  /** @param {Pairs} pairs @returns {[number, Buffer]} */
  function tagged(pairs) {
    const [[tag, value]] = pairs.entries;
    if (pairs.entries.length === 2) {
      const [, code] = scalar(value, extended);
      return [15, withLength([code, document(pairs.get('$scope'))])];
    }
    return COMMON[tag]?.(value) ?? rare(pairs);
  }

  /** @param {any} value @returns {[number, Buffer]} */
  function typed(value) {
    if (Array.isArray(value))
      return [4, document(new Pairs(value.map((part, index) => [String(index), part])))];
    if (!(value instanceof Pairs)) return scalar(value, extended);
    return extended && isTagged(value) ? tagged(value) : [3, document(value)];
  }

  /** @param {[string, any]} entry */
  function element([key, value]) {
    if (key.includes('\0')) throw new SyntaxError('A key holds a zero byte');
    const [type, bytes] = typed(value);
    return Buffer.concat([Buffer.from([type]), Buffer.from(`${key}\0`), bytes]);
  }

  /** @param {Pairs} pairs @returns {Buffer} */
  function document({ entries }) {
    return withLength([...entries.map(element), Buffer.from([0])]);
  }

  return document;
}

/** @param {Buffer[]} parts */
function withLength(parts) {
  const whole = Buffer.concat([Buffer.alloc(4), ...parts]);
  whole.writeInt32LE(whole.length);
  return whole;
}

/**
 * The BSON of a document that was written as JSON, with its keys in the order of the text.
 * @param {Pairs} pairs
 * @param {any} BSON
 * @param {boolean} extended  Whether it is Extended JSON, or plain JSON as version 1 wrote it
 * @returns {Buffer}
 */
function toBson(pairs, BSON, extended) {
  return createWriter(BSON, extended)(pairs);
}

module.exports = { parseOrdered, plain, toBson };
