'use strict';

const { bytes, view } = require('./writer-buffer');

const TYPE = Object.freeze({
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  int64: 0x12,
  decimal128: 0x13,
});

/** Up to these lengths a loop is faster than a call into Node. */
const SHORT_TEXT = 24;
const SHORT_BINARY = 16;

const TWO_POW_32 = 2 ** 32;

/**
 * A string with its length in front and its terminator.
 * @param {number} at
 * @param {string} text
 * @returns {number} its end
 */
function putText(at, text) {
  const end = putCharacters(at + 4, text);
  view.setInt32(at, end - at - 3, true);
  bytes[end] = 0;
  return end + 1;
}

/**
 * @param {number} at
 * @param {string} text
 * @returns {number} its end
 */
function putCharacters(at, text) {
  const { length } = text;
  if (length > SHORT_TEXT) return at + bytes.utf8Write(text, at);
  let i = 0;
  // Most texts are ASCII: four units are four bytes.
  for (; i + 4 <= length; i += 4) {
    const first = text.charCodeAt(i);
    const second = text.charCodeAt(i + 1);
    const third = text.charCodeAt(i + 2);
    const fourth = text.charCodeAt(i + 3);
    if ((first | second | third | fourth) >= 0x80) break;
    view.setInt32(at + i, first | (second << 8) | (third << 16) | (fourth << 24), true);
  }
  let end = at + i;
  for (; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes[end++] = unit;
    else if (unit < 0x800) {
      bytes[end++] = 0xc0 | (unit >> 6);
      bytes[end++] = 0x80 | (unit & 0x3f);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[end++] = 0xe0 | (unit >> 12);
      bytes[end++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[end++] = 0x80 | (unit & 0x3f);
    } else return at + bytes.utf8Write(text, at);
  }
  return end;
}

/**
 * @param {number} type where its type belongs
 * @param {number} at
 * @param {number} value
 */
function putNumber(type, at, value) {
  if ((value | 0) === value && !Object.is(value, -0)) {
    bytes[type] = TYPE.int32;
    view.setInt32(at, value, true);
    return at + 4;
  }
  bytes[type] = TYPE.double;
  view.setFloat64(at, value, true);
  return at + 8;
}

/**
 * @param {number} at
 * @param {number} time milliseconds, or NaN for an invalid date
 */
function putTime(at, time) {
  view.setInt32(at, time, true);
  view.setInt32(at + 4, Math.floor(time / TWO_POW_32), true);
  return at + 8;
}

/**
 * @param {number} at
 * @param {number} subtype
 * @param {Uint8Array} content
 */
function putBinary(at, subtype, content) {
  const { length } = content;
  view.setInt32(at, length, true);
  bytes[at + 4] = subtype;
  if (length > SHORT_BINARY) bytes.set(content, at + 5);
  else for (let i = 0; i < length; i++) bytes[at + 5 + i] = content[i];
  return at + 5 + length;
}

/**
 * Closes a document or array.
 * @param {number} start
 * @param {number} end
 */
function putEnd(start, end) {
  bytes[end] = 0;
  view.setInt32(start, end + 1 - start, true);
  return end + 1;
}

module.exports = { TYPE, putBinary, putCharacters, putEnd, putNumber, putText, putTime };
