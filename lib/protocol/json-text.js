'use strict';

const { Undecodable } = require('./undecodable');

/** @typedef {import('./codec').Codec} Codec */

/**
 * How the addon may write JSON for a copy of the BSON library.
 * @typedef {object} Dialect
 * @property {boolean} plain      `JSON.stringify` makes of values what it is known to make: nobody changed a `toJSON`
 * @property {boolean} highFirst  of a `Long` the field `high` comes first
 */

const SAMPLE_DATE = new Date(0);
const SAMPLE_BYTES = Buffer.from([1]);
const COMMA = 0x2c;

/** What was found out, and the functions it depends on. @type {WeakMap<object, {functions: any[], dialect: Dialect}>} */
const found = new WeakMap();

/**
 * Applications may give values another `toJSON` (decimals as texts are usual), at any time: then the addon has nothing to
 * say.
 *
 * @param {Codec} codec
 * @returns {Dialect}
 */
function jsonOf({ BSON }) {
  const functions = functionsOf(BSON);
  let known = found.get(BSON);
  if (known === undefined || known.functions.some((each, index) => each !== functions[index])) {
    known = { functions, dialect: tried(BSON) };
    found.set(BSON, known);
  }
  return known.dialect;
}

/** @param {any} BSON */
function functionsOf({ ObjectId, Decimal128, Long, Binary, UUID, Timestamp, Code, MinKey, MaxKey }) {
  const types = [ObjectId, Decimal128, Long, Binary, UUID, Timestamp, Code, MinKey, MaxKey];
  types.push(...[Object, Array, String, Number, Boolean, Date]);
  const functions = types.map((type) => type.prototype.toJSON);
  functions.push(Date.prototype.toISOString);
  return functions;
}

/**
 * @param {any} BSON
 * @returns {Dialect}
 */
function tried(BSON) {
  const long = JSON.stringify(BSON.Long.MIN_VALUE);
  const highFirst = long === '{"high":-2147483648,"low":0,"unsigned":false}';
  const written = JSON.stringify([
    ...[{}, [], 'a', 1, true, SAMPLE_DATE],
    new BSON.ObjectId('00000000000000000000000f'),
    BSON.Decimal128.fromString('1'),
    new BSON.Binary(SAMPLE_BYTES),
    new BSON.UUID('00000000-0000-4000-8000-000000000000'),
    BSON.Timestamp.fromBits(1, 0),
    new BSON.Code('a'),
    new BSON.MinKey(),
    new BSON.MaxKey(),
  ]);
  const plain =
    written ===
    '[{},[],"a",1,true,"1970-01-01T00:00:00.000Z","00000000000000000000000f",{"$numberDecimal":"1"},"AQ==",' +
      '"00000000-0000-4000-8000-000000000000",{"$timestamp":"1"},{"code":"a"},{},{}]';
  return {
    plain: plain && (highFirst || long === '{"low":0,"high":-2147483648,"unsigned":false}'),
    highFirst,
  };
}

/**
 * JSON as the addon writes it. Documents that are too rare for it are missing: their places are gaps, which are filled
 * with what JavaScript makes of them.
 *
 * @param {Codec} codec
 * @param {Buffer} text
 * @param {ArrayLike<number>} gaps where in the text a document is missing
 * @param {Buffer | null} missing their BSON, back to back
 * @returns {(Buffer | Undecodable)[]} the text; if there is a document that cannot be read, the text before it, unless
 *   that is empty, and what stands for it
 */
function filledJson({ BSON }, text, gaps, missing) {
  if (missing === null || gaps.length === 0) return [text];
  const parts = [];
  let from = 0;
  let at = 0;
  for (let index = 0; index < gaps.length; index++) {
    const end = at + missing.readInt32LE(at);
    parts.push(text.subarray(from, gaps[index]));
    try {
      parts.push(Buffer.from(JSON.stringify(BSON.deserialize(missing.subarray(at, end)))));
    } catch (error) {
      const before = withoutComma(Buffer.concat(parts));
      return before.length === 0 ? [new Undecodable(error)] : [before, new Undecodable(error)];
    }
    from = gaps[index];
    at = end;
  }
  parts.push(text.subarray(from));
  return [Buffer.concat(parts)];
}

/** @param {Buffer} text that ends where a document would begin */
function withoutComma(text) {
  return text.at(-1) === COMMA ? text.subarray(0, -1) : text;
}

module.exports = { filledJson, jsonOf };
