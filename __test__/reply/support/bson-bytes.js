'use strict';

/** BSON put together by hand, for what no encoder writes. */

const DOCUMENT = 0x03;

/** @param {...Buffer} elements */
function document(...elements) {
  const length = Buffer.alloc(4);
  const bytes = Buffer.concat([length, ...elements, Buffer.of(0)]);
  bytes.writeInt32LE(bytes.length);
  return bytes;
}

/** @param {number} type @param {string | Buffer} key @param {Buffer} value */
function element(type, key, value) {
  return Buffer.concat([Buffer.of(type), Buffer.from(key), Buffer.of(0), value]);
}

/** @param {string | Buffer} key @param {number} value */
function int32(key, value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return element(0x10, key, bytes);
}

/** @param {string} key @param {Buffer} content */
function string(key, content) {
  const length = Buffer.alloc(4);
  length.writeInt32LE(content.length + 1);
  return element(0x02, key, Buffer.concat([length, content, Buffer.of(0)]));
}

/** @param {number} levels how many documents hold one another */
function nested(levels) {
  let bytes = document(int32('a', 1));
  for (let level = 1; level < levels; level++) bytes = document(element(DOCUMENT, 'a', bytes));
  return bytes;
}

module.exports = { document, element, int32, nested, string };
