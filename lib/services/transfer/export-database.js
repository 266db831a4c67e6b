'use strict';

const { Readable } = require('node:stream');
const { indexesOf, listTransferable } = require('./collections');
const { toExtendedJson } = require('./ejson-writer');
const { rawBatches } = require('./raw-documents');
const { metaRecord, writeRecord } = require('./records');

const BATCH = 100;

/** @typedef {import('./importer').Place} Place */

/**
 * The whole database as NDJSON; nothing is sent to the server before somebody reads, and reading sets the pace.
 * @param {Place} source @param {1|2} version
 * @returns {import('node:stream').Readable}
 */
function exportStream(source, version) {
  return Readable.from(lines(source, version), { objectMode: false, encoding: 'utf8' });
}

/** @param {Place} source @param {1|2} version */
async function* lines({ name: database, db, BSON }, version) {
  const write = (/** @type {Record<string, any>} */ record) => writeRecord(BSON, version, record);
  yield `${metaRecord(database, version)}\n`;
  for (const { name: collection, type, options } of await listTransferable(db)) {
    yield write(
      version === 1 ? { type: 'collection', collection } : { type: 'collection', collection, options },
    );
    if (type !== 'view') {
      for (const index of await indexesOf(db, collection)) yield write({ type: 'index', collection, index });
      const documentLine = documentLines(BSON, version, collection);
      for await (const batch of rawBatches(db, collection, BATCH)) yield batch.map(documentLine).join('');
    }
    yield write({ type: 'collectionEnd', collection });
  }
}

/** @param {any} BSON @param {1|2} version @param {string} collection @returns {(document: Buffer) => string} */
function documentLines(BSON, version, collection) {
  const front = `{"type":"document","collection":${JSON.stringify(collection)},"document":`;
  return version === 1
    ? (document) => `${front}${JSON.stringify(BSON.deserialize(document))}}\n`
    : (document) => `${front}${toExtendedJson(document, BSON)}}\n`;
}

/**
 * The whole database as one JSON-safe object: documents, indexes and options in canonical Extended JSON.
 * @param {Place} source
 */
async function exportDatabase({ name: database, db, BSON }) {
  const plain = (/** @type {any} */ value) => BSON.EJSON.serialize(value, { relaxed: false });
  const collections = Object.create(null);
  for (const { name, type, options } of await listTransferable(db)) {
    const documents = [];
    const indexes = type === 'view' ? [] : await indexesOf(db, name);
    if (type !== 'view')
      for await (const batch of rawBatches(db, name, BATCH))
        for (const document of batch) documents.push(JSON.parse(toExtendedJson(document, BSON)));
    collections[name] = { options: plain(options), documents, indexes: indexes.map(plain) };
  }
  return { database, exportDate: new Date().toISOString(), version: 2, collections };
}

module.exports = { exportDatabase, exportStream };
