'use strict';

const { bytes, view } = require('./writer-buffer');
const { putCharacters } = require('./writer-values');

/** `"0\0"` to `"999\0"`, each as the four bytes that a `DataView` writes at once. */
const INDEX_KEYS = Int32Array.from({ length: 1000 }, (_, i) => wordOf(i));

/** @param {number} index of up to three digits */
function wordOf(index) {
  const last = 0x30 + (index % 10);
  if (index < 10) return last;
  const middle = 0x30 + (Math.floor(index / 10) % 10);
  if (index < 100) return middle | (last << 8);
  return (0x30 + Math.floor(index / 100)) | (middle << 8) | (last << 16);
}

/** Keys that `checkKeys` lets pass. */
const EXEMPT = new Set(['$db', '$ref', '$id', '$clusterTime']);

/**
 * The key of an array's element.
 * @param {number} at
 * @param {number} index
 */
function putIndex(at, index) {
  if (index < 1000) {
    view.setInt32(at, INDEX_KEYS[index], true);
    return at + (index < 10 ? 2 : index < 100 ? 3 : 4);
  }
  return putKey(at, String(index));
}

/**
 * @param {number} at
 * @param {string} key without NUL
 */
function putKey(at, key) {
  const end = putCharacters(at, key);
  bytes[end] = 0;
  return end + 1;
}

/**
 * A key as numbers of four bytes.
 * @param {string} key
 */
function wordsOf(key) {
  const size = Buffer.byteLength(key) + 1;
  const padded = Buffer.alloc((size + 3) & ~3);
  padded.write(key);
  const words = [];
  for (let at = 0; at < size; at += 4) words.push(padded.readInt32LE(at));
  return { size, words };
}

/**
 * @param {number} at
 * @param {{size: number, words: number[]}} key
 */
function putWords(at, { size, words }) {
  for (let i = 0; i < words.length; i++) view.setInt32(at + 4 * i, words[i], true);
  return at + size;
}

/**
 * @param {string} key
 * @param {boolean} checked whether `checkKeys` is on
 */
function isAllowed(key, checked) {
  if (key.includes('\0')) return false;
  return !checked || EXEMPT.has(key) || (key[0] !== '$' && !key.includes('.'));
}

module.exports = { isAllowed, putIndex, putKey, putWords, wordsOf };
