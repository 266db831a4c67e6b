'use strict';

const { decodeDocuments, decodeReply } = require('../protocol/decode');
const { filledJson } = require('../protocol/json-text');

/** @typedef {import('../protocol/codec').Codec} Codec */

/**
 * What was fetched from the addon: entries back to back, and where the parts of the current one begin.
 * @typedef {object} Load
 * @property {Float64Array} values
 * @property {string[]} texts
 * @property {Buffer[]} blobs
 * @property {Buffer} bytes
 * @property {number} value
 * @property {number} text
 * @property {number} blob
 * @property {number} byte
 */

/**
 * What an entry is read with.
 * @typedef {object} Reading
 * @property {Codec | null} codec
 * @property {any} bson the BSON options in force, null for the defaults
 * @property {number} cursor the cursor that a batch is of, 0 = none
 */

/** An operation failed. The error is made where it is awaited, so that its stack is the caller's. */
class Failure {
  /**
   * @param {any} payload what the addon says of it
   * @param {unknown} [error] the error itself, if it came up in JavaScript
   */
  constructor(payload, error) {
    this.payload = payload;
    this.error = error;
  }
}

/** A text that the server has cut within a character must not hide the error it belongs to. */
const AS_IT_IS = { enableUtf8Validation: false };

/**
 * @param {Load} load
 * @param {Reading} reading
 */
function failure({ texts, text, bytes, byte }, { codec }) {
  const payload =
    codec === null
      ? { kind: texts[text], message: texts[text + 1] }
      : decodeReply(codec, bytes, byte, AS_IT_IS);
  return new Failure(payload);
}

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function reply({ bytes, byte }, { codec, bson }) {
  return decodeReply(codec, bytes, byte, bson);
}

function nothing() {}

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function packedBatch(load, { codec, cursor }) {
  const { values, value, texts, text, blobs, blob, bytes, byte } = load;
  return {
    documents: codec.reader.read(values, value + 3, values[value + 1], texts, text, blobs, blob),
    cursor: values[value] === 1 ? 0 : cursor,
    resumeToken: values[value + 2] === 0 ? null : decodeReply(codec, bytes, byte, null),
  };
}

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function rawBatch({ values, value, bytes, byte }, { codec, bson, cursor }) {
  const tokenSize = values[value + 2];
  return {
    documents: decodeDocuments(codec, bytes, byte + tokenSize, values[value + 1], bson),
    cursor: values[value] === 1 ? 0 : cursor,
    resumeToken: tokenSize === 0 ? null : decodeReply(codec, bytes, byte, null),
  };
}

/** @type {any[]} */
const NOTHING = [];

/**
 * The text takes the place of the documents.
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function jsonBatch({ values, value, bytes, byte }, { codec, cursor }) {
  const [exhausted, count, size, gapCount] = values.subarray(value, value + 4);
  const gaps = values.subarray(value + 4, value + 4 + gapCount);
  return {
    documents: size + gapCount === 0 ? NOTHING : [textOf(codec, bytes, byte, size, gaps)],
    count,
    cursor: exhausted === 1 ? 0 : cursor,
  };
}

/**
 * @param {Codec} codec
 * @param {Buffer} bytes
 * @param {number} byte
 * @param {number} size
 * @param {Float64Array} gaps
 */
function textOf(codec, bytes, byte, size, gaps) {
  const text = bytes.subarray(byte, byte + size);
  if (gaps.length > 0) return filledJson(codec, text, gaps, bytes.subarray(byte + size));
  // Whoever keeps it must not keep what came together with it.
  return size === bytes.length ? text : Buffer.from(text);
}

/** @param {Load} load */
function json({ texts, text }) {
  return JSON.parse(texts[text]);
}

/**
 * The readers of entries, in the order of `Kind` in `src/bridge/completion.rs`: the two alike are events and reports.
 * @type {((load: Load, reading: any) => any)[]}
 */
const READERS = [failure, reply, nothing, packedBatch, rawBatch, json, json, jsonBatch];

/**
 * Reads an entry. One that cannot be read is a failure of its own and leaves its neighbours alone.
 * @param {number} kind
 * @param {Load} load
 * @param {Reading} reading
 * @returns {any} a value, or a {@link Failure}
 */
function readOutcome(kind, load, reading) {
  try {
    return READERS[kind](load, reading);
  } catch (error) {
    return new Failure(null, error);
  }
}

module.exports = { Failure, readOutcome };
