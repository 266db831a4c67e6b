'use strict';

const native = require('../../../lib/native');
const { createReader } = require('../../../lib/protocol/reader');

/**
 * The native side and the reader, without a server between them. Each unpacker begins without any shape.
 *
 * @param {any} BSON
 */
function createUnpacker(BSON) {
  const environment = new native.NativeEnvironment(() => {}, 1000);
  const reader = createReader(BSON, environment.shape.bind(environment));
  /** @param {Uint8Array[]} documents BSON */
  function parts(documents) {
    const [values, texts, blobs, count] = environment.unpack(Buffer.concat(documents));
    return [values, texts ?? [], blobs ?? [], count];
  }
  return {
    parts,

    /** @param {Uint8Array[]} documents BSON */
    unpack(documents) {
      const [values, texts, blobs, count] = parts(documents);
      return reader.read(values, 0, count, texts, 0, blobs, 0);
    },

    /** @param {number} id */
    shape: (id) => environment.shape(id),
  };
}

module.exports = { createUnpacker };
