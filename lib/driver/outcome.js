'use strict';

const { decodeDocuments, decodeReply } = require('../protocol/decode');
const { filledJson } = require('../protocol/json-text');
const { Undecodable } = require('../protocol/undecodable');

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
 * A batch of a cursor, or of changes.
 * @typedef {object} Batch
 * @property {any[]} documents
 * @property {number} [count] how many documents a text stands for
 * @property {boolean} intact every one of them could be read; else some are `Undecodable`
 * @property {number} cursor its handle; 0 when nothing follows
 * @property {number} idHigh the server's name of the cursor, in halves
 * @property {number} idLow
 * @property {any} resumeToken
 */

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 * @param {typeof packedDocuments} read
 * @returns {Batch}
 */
function batch(load, reading, read) {
  const { values, value, bytes, byte } = load;
  const idHigh = values[value];
  const idLow = values[value + 1];
  const resumeToken = values[value + 3] === 0 ? null : decodeReply(reading.codec, bytes, byte, null);
  let documents;
  let intact = true;
  try {
    documents = read(load, reading, false);
  } catch {
    intact = false;
    documents = read(load, reading, true);
  }
  const cursor = idHigh === 0 && idLow === 0 ? 0 : reading.cursor;
  return { documents, intact, cursor, idHigh, idLow, resumeToken };
}

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 * @param {boolean} forgiving
 */
function packedDocuments({ values, value, texts, text, blobs, blob }, { codec }, forgiving) {
  const count = values[value + 2];
  return codec.reader.read(values, value + 4, count, texts, text, blobs, blob, forgiving);
}

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 * @param {boolean} forgiving
 */
function rawDocuments({ values, value, bytes, byte }, { codec, bson }, forgiving) {
  const first = byte + values[value + 3];
  return decodeDocuments(codec, bytes, first, values[value + 2], bson, forgiving);
}

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function packedBatch(load, reading) {
  return batch(load, reading, packedDocuments);
}

/**
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function rawBatch(load, reading) {
  return batch(load, reading, rawDocuments);
}

/** @type {any[]} */
const NOTHING = [];

/**
 * The text takes the place of the documents, of those at least that come before one that cannot be read.
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function jsonBatch({ values, value, bytes, byte }, { codec, cursor }) {
  const [idHigh, idLow, count, size, gapCount] = values.subarray(value, value + 5);
  const gaps = values.subarray(value + 5, value + 5 + gapCount);
  const documents = size + gapCount > 0 ? textsOf(codec, bytes, byte, size, gaps) : NOTHING;
  return {
    documents,
    count,
    intact: !(documents.at(-1) instanceof Undecodable),
    cursor: idHigh === 0 && idLow === 0 ? 0 : cursor,
    idHigh,
    idLow,
    resumeToken: null,
  };
}

/**
 * @param {Codec} codec
 * @param {Buffer} bytes
 * @param {number} byte
 * @param {number} size
 * @param {Float64Array} gaps
 */
function textsOf(codec, bytes, byte, size, gaps) {
  const text = bytes.subarray(byte, byte + size);
  if (gaps.length > 0) return filledJson(codec, text, gaps, bytes.subarray(byte + size));
  // Whoever keeps it must not keep what came together with it.
  return [size === bytes.length ? text : Buffer.from(text)];
}

/**
 * What a write has counted, in the form of a reply.
 * @param {Load} load
 */
function counts({ values, value }) {
  const n = values[value];
  const nModified = values[value + 1];
  return nModified < 0 ? { n, ok: 1 } : { n, nModified, ok: 1 };
}

/**
 * The document that a command answers, in the form of a reply.
 * @param {Load} load
 * @param {Reading & {codec: Codec}} reading
 */
function value(load, reading) {
  const { documents, intact } = packedBatch(load, reading);
  if (!intact) throw documents[0].error;
  return { value: documents.length === 0 ? null : documents[0], ok: 1 };
}

/** @param {Load} load */
function json({ texts, text }) {
  return JSON.parse(texts[text]);
}

/**
 * The readers of entries, in the order of `Kind` in `src/bridge/completion.rs`: the two alike are events and reports.
 * @type {((load: Load, reading: any) => any)[]}
 */
const READERS = [failure, reply, nothing, packedBatch, rawBatch, json, json, jsonBatch, counts, value];

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
