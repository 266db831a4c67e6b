'use strict';

const { Undecodable } = require('./undecodable');

/** @typedef {import('./codec').Codec} Codec */

/**
 * The options for a document that lies in a larger buffer.
 * @param {any} bson the BSON options in force, null for the defaults
 * @param {number} index
 * @param {object | boolean} utf8 what to check
 */
function optionsAt(bson, index, utf8) {
  return {
    ...bson,
    index,
    allowObjectSmallerThanBufferSize: true,
    validation: { utf8: bson?.enableUtf8Validation === false ? false : utf8 },
  };
}

/**
 * A server's reply. The server may cut the texts of write errors within a character.
 * @param {Codec} codec
 * @param {Uint8Array} bytes
 * @param {number} index where it begins
 * @param {any} bson
 * @returns {any}
 */
function decodeReply(codec, bytes, index, bson) {
  return codec.BSON.deserialize(bytes, optionsAt(bson, index, { writeErrors: false }));
}

/**
 * Documents that lie back to back.
 * @param {Codec} codec
 * @param {Buffer} bytes
 * @param {number} index where the first begins
 * @param {number} count
 * @param {any} bson
 * @param {boolean} [forgiving] answer an {@link Undecodable} in the place of a document that cannot be read
 * @returns {any[]}
 */
function decodeDocuments(codec, bytes, index, count, bson, forgiving = false) {
  const documents = new Array(count);
  for (let i = 0, at = index; i < count; i++) {
    const end = at + bytes.readInt32LE(at);
    try {
      documents[i] =
        bson?.raw === true
          ? Buffer.from(bytes.subarray(at, end))
          : codec.BSON.deserialize(bytes, optionsAt(bson, at, true));
    } catch (error) {
      if (!forgiving) throw error;
      documents[i] = new Undecodable(error);
    }
    at = end;
  }
  return documents;
}

module.exports = { decodeReply, decodeDocuments };
