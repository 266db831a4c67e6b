'use strict';

const { PolyMongoError } = require('../../error');
const { LOSSLESS, indexesOf, listTransferable } = require('./collections');
const { Importer } = require('./importer');

const BATCH = 1000;

/**
 * Copies every collection, index and view of one database into another.
 * @param {{db: any}} source @param {{db: any}} target
 * @param {{from: string, to: string, onExisting: 'error'|'merge'|'replace'}} how
 */
async function copyDatabase(source, target, { from, to, onExisting }) {
  if (from === to) {
    throw new PolyMongoError(
      `copyDatabase("${from}", "${to}") names one database twice; give another target`,
      {
        code: 'COPY_INVALID',
      },
    );
  }
  const collections = await listTransferable(source.db);
  if (collections.length === 0) {
    throw new PolyMongoError(
      `copyDatabase() found nothing in the source: the database "${from}" has no collections`,
      {
        code: 'COPY_INVALID',
      },
    );
  }
  if (onExisting === 'replace') await target.db.dropDatabase();
  else if (onExisting === 'error') await refuseDocuments(target.db, to);

  const importer = new Importer(target.db, to);
  for (const { name, type, options } of collections) {
    await importer.begin(name, options);
    if (type !== 'view') await copyDocuments(source.db, name, importer);
    await importer.end();
  }
  const { database: _, ...summary } = importer.summary;
  return { source: from, target: to, ...summary };
}

async function copyDocuments(db, name, importer) {
  for (const index of await indexesOf(db, name)) importer.index(index);
  let batch = [];
  for await (const document of db.collection(name).find({}, LOSSLESS)) {
    batch.push(document);
    if (batch.length === BATCH) {
      await importer.documents(batch);
      batch = [];
    }
  }
  await importer.documents(batch);
}

async function refuseDocuments(db, name) {
  for (const { name: collection, type } of await listTransferable(db)) {
    if (
      type !== 'view' &&
      (await db.collection(collection).findOne({}, { projection: { _id: 1 } })) !== null
    ) {
      throw new PolyMongoError(
        `copyDatabase() refused: the target "${name}" already holds documents (collection "${collection}"). Pass {onExisting: 'merge'} to add to them or {onExisting: 'replace'} to drop the target first`,
        { code: 'COPY_TARGET_NOT_EMPTY' },
      );
    }
  }
}

module.exports = { copyDatabase };
