'use strict';

/** Documents as bytes: nothing between two servers may change a type, an order or a key. */
const RAW = Object.freeze({ raw: true });

/** The server takes 16 MiB at once; this leaves room for what surrounds the documents. */
const MAX_BYTES = 15 * 1024 * 1024;

/**
 * Reads a collection in batches of bytes.
 * @param {any} db @param {string} collection @param {number} batchSize
 * @returns {AsyncGenerator<Buffer[]>}
 */
async function* rawBatches(db, collection, batchSize) {
  /** @type {Buffer[]} */
  let batch = [];
  let bytes = 0;
  for await (const document of db.collection(collection).find({}, RAW)) {
    if (batch.length === batchSize || bytes + document.length > MAX_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(document);
    bytes += document.length;
  }
  if (batch.length > 0) yield batch;
}

const PER_DOCUMENT = 16;

/** @param {Buffer[]} documents  Consecutive parts that the server takes at once */
function* inPortions(documents) {
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < documents.length; at++) {
    const size = documents[at].length + PER_DOCUMENT;
    if (at > from && bytes + size > MAX_BYTES) {
      yield documents.slice(from, at);
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < documents.length) yield documents.slice(from);
}

/**
 * A command that inserts documents, of which nobody needs to know what they are.
 * @param {any} BSON @param {Record<string, any>} command  Without `documents` @param {Buffer[]} documents
 * @returns {Buffer}
 */
function insertCommand(BSON, command, documents) {
  const front = Buffer.from(BSON.serialize(command)).subarray(0, -1);
  const elements = documents.flatMap((document, index) => [Buffer.from(`\x03${index}\0`), document]);
  const array = Buffer.concat([Buffer.alloc(4), ...elements, Buffer.from([0])]);
  array.writeInt32LE(array.length);
  const whole = Buffer.concat([front, Buffer.from('\x04documents\0'), array, Buffer.from([0])]);
  whole.writeInt32LE(whole.length);
  return whole;
}

module.exports = { inPortions, insertCommand, rawBatches };
