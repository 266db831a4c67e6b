'use strict';

const readline = require('node:readline');
const { finished } = require('node:stream');
const { PolyMongoError } = require('../../error');
const { createRecordReader } = require('./records');
const { Importer } = require('./importer');

const BATCH = 1000;

/**
 * Writes an export (NDJSON version 1 or 2) into a database.
 * @param {{db: any, BSON: any}} target @param {string} database @param {NodeJS.ReadableStream} stream
 * @param {{batchSize?: number, stopOnError?: boolean}} [options]
 */
async function importStream(target, database, stream, { batchSize = BATCH, stopOnError } = {}) {
  if (stream === null || typeof stream !== 'object' || typeof stream.pipe !== 'function') {
    throw invalid('importDBStream() expects a readable stream with the lines of exportDBStream()');
  }
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw invalid(`batchSize must be a positive integer, got ${String(batchSize)}`);
  }
  const importer = new Importer(target.db, database, { stopOnError });
  const reader = createRecordReader(target.BSON);
  let batch = [];
  const flush = async () => {
    const documents = batch;
    batch = [];
    await importer.documents(documents);
  };
  for await (const text of linesOf(stream)) {
    if (text.trim() === '') continue;
    const record = reader.read(text);
    if (record.type === 'meta') continue;
    if (record.type === 'collection') {
      if (importer.collection !== null) {
        await flush();
        await importer.end();
      }
      await importer.begin(record.collection, record.options ?? {});
      continue;
    }
    if (record.collection !== importer.collection) {
      throw invalid(
        `Line ${reader.line} of the export belongs to collection ${JSON.stringify(record.collection)}, expected ${JSON.stringify(importer.collection)}`,
      );
    }
    if (record.type === 'index') importer.index(record.index);
    else if (record.type === 'document') {
      batch.push(record.document);
      if (batch.length >= batchSize) await flush();
    } else if (record.type === 'collectionEnd') {
      await flush();
      await importer.end();
    }
  }
  await flush();
  await importer.end();
  return importer.summary;
}

/** readline alone would end quietly when its input fails: then half an export would pass for a whole one. */
async function* linesOf(stream) {
  /** @type {Error | null} */
  let failure = null;
  const lines = readline.createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  finished(stream, { writable: false }, (error) => {
    failure = error ?? null;
    if (failure !== null) lines.close();
  });
  yield* lines;
  if (failure !== null) throw failure;
}

/**
 * Writes an object as `exportDB` makes it (version 2), or as polymongo 1.2 and 1.3 made it, into a database.
 * @param {{db: any, BSON: any}} target @param {string} database @param {any} data
 */
async function importDatabase(target, database, data) {
  if (
    data === null ||
    typeof data !== 'object' ||
    data.collections === null ||
    typeof data.collections !== 'object'
  ) {
    throw invalid('importDB() expects the object that exportDB() returns: it has no "collections"');
  }
  const { EJSON } = target.BSON;
  const live =
    data.version === 2 ? (value) => EJSON.deserialize(value, { relaxed: false }) : (value) => value;
  const importer = new Importer(target.db, database);
  for (const [name, { options = {}, documents = [], indexes = [] }] of Object.entries(data.collections)) {
    await importer.begin(name, live(options));
    for (const index of indexes) importer.index(live(index));
    for (let start = 0; start < documents.length; start += BATCH) {
      await importer.documents(documents.slice(start, start + BATCH).map(live));
    }
    await importer.end();
  }
  return importer.summary;
}

function invalid(message) {
  return new PolyMongoError(message, { code: 'IMPORT_INVALID' });
}

module.exports = { importDatabase, importStream };
