'use strict';

const { PolyMongoError } = require('../../error');
const { indexesOf, listTransferable } = require('./collections');
const { Importer } = require('./importer');
const { rawBatches } = require('./raw-documents');

const BATCH = 1000;

/** @typedef {import('./importer').Place} Place */

/**
 * Copies every collection, index and view of one database into another.
 * @param {Place} source @param {Place} target
 * @param {{onExisting: 'error'|'merge'|'replace', onProgress?: import('./importer').OnProgress}} how
 */
async function copyDatabase(source, target, { onExisting, onProgress }) {
  if (source.name === target.name) {
    throw new PolyMongoError(
      `copyDatabase("${source.name}", "${target.name}") names one database twice; give another target`,
      { code: 'COPY_INVALID' },
    );
  }
  const collections = await listTransferable(source.db);
  if (collections.length === 0) {
    throw new PolyMongoError(
      `copyDatabase() found nothing in the source: the database "${source.name}" has no collections`,
      { code: 'COPY_INVALID' },
    );
  }
  if (onExisting === 'replace') await target.db.dropDatabase();
  else if (onExisting === 'error') await refuseDocuments(target);

  const importer = new Importer(target, { onProgress });
  for (const { name, type, options } of collections) {
    await importer.begin(name, options);
    if (type !== 'view') {
      for (const index of await indexesOf(source.db, name)) importer.index(index);
      for await (const batch of rawBatches(source.db, name, BATCH)) await importer.documents(batch);
    }
    await importer.end();
  }
  const { database: _, ...summary } = importer.summary;
  return { source: source.name, target: target.name, ...summary };
}

/** @param {Place} target */
async function refuseDocuments({ db, name }) {
  for (const { name: collection, type } of await listTransferable(db)) {
    if (type === 'view') continue;
    if ((await db.collection(collection).findOne({}, { projection: { _id: 1 } })) === null) continue;
    throw new PolyMongoError(
      `copyDatabase() refused: the target "${name}" already holds documents (collection "${collection}"). ` +
        "Pass {onExisting: 'merge'} to add to them or {onExisting: 'replace'} to drop the target first",
      { code: 'COPY_TARGET_NOT_EMPTY' },
    );
  }
}

module.exports = { copyDatabase };
