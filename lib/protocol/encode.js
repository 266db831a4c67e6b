'use strict';

const { createWriter } = require('./writer');
const { bytes } = require('./writer-buffer');

/** @typedef {import('./codec').Codec} Codec */
/** @typedef {import('./writer-library').WriteOptions} WriteOptions */

/** What the server takes in one command: 16 MiB, and 16 KiB for what surrounds a document of that size. */
const MAX_COMMAND_BYTES = 16 * 1024 * 1024 + 16 * 1024;

/** @type {WriteOptions} */
const DEFAULTS = Object.freeze({ checkKeys: false, ignoreUndefined: false, serializeFunctions: false });

let busy = false;

/**
 * Whether a document is being encoded right now, that is: whether the caller was called by a `toBSON()`. There is one buffer
 * to write into, here and in BSON libraries, so a second document has to wait until the first is done.
 */
function isEncoding() {
  return busy;
}

/**
 * @param {Codec} codec
 * @param {object} document one that is BSON already goes as it is
 * @param {any} bson the BSON options in force, none for the defaults
 * @returns {Buffer} BSON; it has to be used or copied before anything else is encoded
 */
function encode(codec, document, bson) {
  if (Buffer.isBuffer(document)) return document;
  const options = bson == null ? DEFAULTS : writeOptions(bson);
  if (busy) return codec.BSON.serialize(document, options);
  busy = true;
  try {
    codec.writer ??= createWriter(codec);
    const size = codec.writer.write(document, options);
    const encoded = size === -1 ? codec.BSON.serialize(document, options) : bytes.subarray(0, size);
    if (encoded.length > MAX_COMMAND_BYTES) throw tooLarge(encoded.length);
    return encoded;
  } catch (error) {
    throw error.name === 'RangeError' ? explained(error, codec, document, options) : error;
  } finally {
    busy = false;
  }
}

/**
 * The options as BSON libraries understand them: what is not a boolean counts for nothing.
 * @param {any} bson
 * @returns {WriteOptions}
 */
function writeOptions({ checkKeys, ignoreUndefined, serializeFunctions }) {
  return {
    checkKeys: checkKeys === true,
    ignoreUndefined: ignoreUndefined !== false,
    serializeFunctions: serializeFunctions === true,
  };
}

/**
 * What outgrows the buffer ends in whatever error the write at its end raises.
 * @param {any} error
 * @param {Codec} codec
 * @param {object} document
 * @param {WriteOptions} options
 */
function explained(error, codec, document, options) {
  try {
    const size = codec.BSON.calculateObjectSize(document, options);
    return size > MAX_COMMAND_BYTES ? tooLarge(size) : error;
  } catch {
    return error;
  }
}

/** @param {number} size */
function tooLarge(size) {
  const message =
    `The command takes ${size} bytes of BSON, but MongoDB accepts at most ${MAX_COMMAND_BYTES} in one; ` +
    'write fewer documents at once, and keep large content in GridFS';
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

module.exports = { encode, isEncoding };
