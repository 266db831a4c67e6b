'use strict';

const { Readable } = require('node:stream');
const { LOSSLESS, indexesOf, listTransferable } = require('./collections');
const { CURRENT, metaRecord, writeRecord } = require('./records');

/**
 * The whole database as NDJSON; nothing is sent to the server before somebody reads, and reading sets the pace.
 * @param {{db: any, BSON: any}} source @param {string} database @param {{version?: 1|2}} [options]
 * @returns {import('node:stream').Readable}
 */
function exportStream(source, database, { version = CURRENT } = {}) {
  return Readable.from(lines(source, database, version), { objectMode: false, encoding: 'utf8' });
}

async function* lines({ db, BSON }, database, version) {
  const write = (record) => writeRecord(BSON, version, record);
  yield `${metaRecord(database, version)}\n`;
  for (const { name: collection, type, options } of await listTransferable(db)) {
    yield write(
      version === 1 ? { type: 'collection', collection } : { type: 'collection', collection, options },
    );
    if (type !== 'view') {
      for (const index of await indexesOf(db, collection)) yield write({ type: 'index', collection, index });
      for await (const document of db.collection(collection).find({}, version === 1 ? {} : LOSSLESS)) {
        yield write({ type: 'document', collection, document });
      }
    }
    yield write({ type: 'collectionEnd', collection });
  }
}

/**
 * The whole database as one JSON-safe object: documents, indexes and options in canonical Extended JSON.
 * @param {{db: any, BSON: any}} source @param {string} database
 */
async function exportDatabase({ db, BSON }, database) {
  const plain = (value) => BSON.EJSON.serialize(value, { relaxed: false });
  const collections = Object.create(null);
  for (const { name, type, options } of await listTransferable(db)) {
    const documents = type === 'view' ? [] : await db.collection(name).find({}, LOSSLESS).toArray();
    const indexes = type === 'view' ? [] : await indexesOf(db, name);
    collections[name] = {
      options: plain(options),
      documents: documents.map(plain),
      indexes: indexes.map(plain),
    };
  }
  return { database, exportDate: new Date().toISOString(), version: CURRENT, collections };
}

module.exports = { exportDatabase, exportStream };
