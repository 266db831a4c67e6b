'use strict';

/** @typedef {import('./codec').Codec} Codec */

/** What the server takes in one command: 16 MiB, and 16 KiB for what surrounds a document of that size. */
const MAX_COMMAND_BYTES = 16 * 1024 * 1024 + 16 * 1024;

const DEFAULTS = Object.freeze({ checkKeys: false, ignoreUndefined: false, serializeFunctions: false });

let busy = false;

/**
 * Whether a document is being encoded right now, that is: whether the caller was called by a `toBSON()`. BSON libraries
 * write into one buffer, so a second document has to wait until the first is done.
 */
function isEncoding() {
  return busy;
}

/**
 * @param {Codec} codec
 * @param {object} document one that is BSON already goes as it is
 * @param {any} bson the BSON options in force, null for the defaults
 * @returns {Buffer} BSON
 */
function encode(codec, document, bson) {
  if (Buffer.isBuffer(document)) return document;
  busy = true;
  try {
    const bytes = codec.BSON.serialize(document, bson ?? DEFAULTS);
    if (bytes.length > MAX_COMMAND_BYTES) throw tooLarge(bytes.length);
    return bytes;
  } catch (error) {
    throw error.name === 'RangeError' ? explained(error, codec, document, bson) : error;
  } finally {
    busy = false;
  }
}

/**
 * What outgrows the library's buffer ends in whatever error the write at its end raises.
 * @param {any} error
 * @param {Codec} codec
 * @param {object} document
 * @param {any} bson
 */
function explained(error, codec, document, bson) {
  try {
    const size = codec.BSON.calculateObjectSize(document, bson ?? DEFAULTS);
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
