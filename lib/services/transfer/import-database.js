'use strict';

const readline = require('node:readline');
const { finished } = require('node:stream');
const { received } = require('../../protocol/option-values');
const { Importer } = require('./importer');
const { createRecordReader, invalid } = require('./records');

const BATCH = 1000;

/** @typedef {import('./importer').Place} Place */
/** @typedef {{batchSize?: number, stopOnError?: boolean, onProgress?: import('./importer').OnProgress}} ImportOptions */

/**
 * Writes an export (NDJSON version 1 or 2, or the one JSON document of 1.2) into a database.
 * @param {Place} target @param {any} stream @param {ImportOptions} [options]
 */
async function importStream(target, stream, { batchSize = BATCH, ...options } = {}) {
  if (typeof stream?.pipe !== 'function' && typeof stream?.[Symbol.asyncIterator] !== 'function')
    throw invalid(
      `importDBStream() expects a readable stream with the lines of exportDBStream()${received(stream)}`,
    );
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw invalid(`batchSize must be a positive number${received(batchSize)}`);
  const importer = new Importer(target, options);
  const reader = createRecordReader(target.BSON);
  /** @type {Buffer[]} */
  let batch = [];
  const flush = async () => {
    const documents = batch;
    batch = [];
    await importer.documents(documents);
  };
  /** @type {string[] | null} The lines of a single document, which has no records */
  let single = null;
  for await (const text of linesOf(stream)) {
    if (text.trim() === '') continue;
    if (single !== null || (reader.line === 0 && !isRecord(text))) {
      single = [...(single ?? []), text];
      continue;
    }
    const record = reader.read(text);
    if (record.type === 'meta') continue;
    if (record.type === 'collection') {
      await flush();
      await importer.end();
      await importer.begin(record.collection, record.options ?? {});
      continue;
    }
    if (record.collection !== importer.collection) {
      throw invalid(
        `Line ${reader.line} of the export belongs to collection ${JSON.stringify(record.collection)}, ` +
          `expected ${JSON.stringify(importer.collection)}`,
      );
    }
    if (record.type === 'index') importer.index(record.index);
    else if (record.type === 'document' && batch.push(record.document) >= batchSize) await flush();
    else if (record.type === 'collectionEnd') {
      await flush();
      await importer.end();
    }
  }
  if (single !== null) return importDatabase(target, parsed(single.join('\n')), { batchSize, ...options });
  await flush();
  await importer.end();
  return importer.summary;
}

/** @param {string} text */
const isRecord = (text) => /^\s*\{\s*"type"\s*:/.test(text);

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(
      `The export is neither lines that begin with a "meta" record nor one JSON document: ${error.message}`,
    );
  }
}

/** readline alone would end quietly when its input fails: then half an export would pass for a whole one. @param {any} stream */
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
 * @param {Place} target @param {any} data @param {ImportOptions} [options]
 */
async function importDatabase(target, data, { batchSize = BATCH, ...options } = {}) {
  if (typeof data?.collections !== 'object' || data.collections === null)
    throw invalid(`importDB() expects the object that exportDB() returns${received(data)}`);
  const { BSON } = target;
  const extended = data.version === 2;
  const live = (/** @type {any} */ value) =>
    extended ? BSON.EJSON.deserialize(value, { relaxed: false }) : value;
  const importer = new Importer(target, options);
  for (const [name, { options: own = {}, documents = [], indexes = [] }] of Object.entries(
    data.collections,
  )) {
    await importer.begin(name, live(own));
    for (const index of indexes) importer.index(live(index));
    for (let start = 0; start < documents.length; start += batchSize) {
      const part = documents.slice(start, start + batchSize);
      await importer.documents(
        part.map((/** @type {any} */ document) => Buffer.from(BSON.serialize(live(document)))),
      );
    }
    await importer.end();
  }
  return importer.summary;
}

module.exports = { importDatabase, importStream };
