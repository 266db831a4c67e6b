'use strict';

const { PolyMongoError } = require('../error');
const { isModel } = require('../mongoose/is-model');
const { originalOf } = require('../mongoose/originals');
const { received } = require('../protocol/option-values');
const { readOwn } = require('../wrapper/check-options');
const { concurrently } = require('./concurrently');
const { CONCURRENCY, selectTenants } = require('./select-tenants');

/** @type {import('../protocol/option-values').OptionEntry[]} */
const OPTIONS = [
  // Read where tenants are chosen.
  { name: 'databases', kind: 'own', type: 'custom', check: () => null },
  { name: 'concurrency', kind: 'own', type: 'count', default: CONCURRENCY },
  { name: 'onProgress', kind: 'own', type: 'function' },
  { name: 'dryRun', kind: 'own', type: 'boolean', default: false },
  { name: 'drop', kind: 'own', type: 'boolean', default: true },
];

/**
 * Makes the indexes of collections what the schemas say, database by database. Only collections that exist: the others
 * get their indexes with their first write.
 *
 * @param {import('./tenants').Tenants} tenants
 * @param {unknown} models
 * @param {any} given
 */
async function syncIndexes(tenants, models, given) {
  const { databases, concurrency, onProgress, dryRun, drop } = readOwn(OPTIONS, given, 'syncIndexes');
  const wanted = new Set(wantedModels(tenants, models));
  const chosen = (await selectTenants(tenants, databases)).map(({ dbName }) => dbName);
  // What models have for themselves belongs to nobody's name.
  const dbNames = [...new Set(databases === undefined ? [...chosen, ...tenants.controls] : chosen)];
  const report = { databases: dbNames.length, collections: 0, drift: [], failed: [] };
  let done = 0;
  await concurrently(dbNames, concurrency, async (dbName) => {
    await syncDatabase(tenants, dbName, wanted, { dryRun, drop }, report);
    done++;
    const { drift, failed } = report;
    await onProgress?.({ dbName, total: dbNames.length, done, drift: drift.length, failed: failed.length });
  });
  return report;
}

/** @param {import('./tenants').Tenants} tenants @param {any} given @returns {any[]} the users' own models */
function wantedModels(tenants, given) {
  const wrapped = [...tenants.models()];
  if (given === undefined) return wrapped;
  return [given].flat().map((/** @type {any} */ each) => {
    const model = typeof each === 'string' ? tenants.modelNamed(each) : isModel(each) && originalOf(each);
    if (model && wrapped.includes(model)) return model;
    throw new PolyMongoError(
      `syncIndexes() takes wrapped models, or their names (${tenants.modelNames().join(', ') || 'none'})${received(each)}`,
      { code: 'INVALID_MODEL' },
    );
  });
}

/**
 * @param {import('./tenants').Tenants} tenants
 * @param {string} dbName
 * @param {Set<any>} wanted
 * @param {{dryRun: boolean, drop: boolean}} how
 * @param {any} report is added to
 */
async function syncDatabase(tenants, dbName, wanted, how, report) {
  const tenant = tenants.tenantOf(dbName);
  const where = { tenant, dbName };
  const living = [...tenants.modelsIn(dbName)];
  if (!living.some((model) => wanted.has(model))) return;
  let existing;
  try {
    existing = await collectionsOf(tenants.connection(living[0].base, dbName));
  } catch (error) {
    report.failed.push({ ...where, error });
    return;
  }
  for (const model of living) {
    if (!wanted.has(model) || !existing.has(collectionOf(model))) continue;
    report.collections++;
    const row = { ...where, model: model.modelName };
    try {
      const namesakes = living.filter((each) => collectionOf(each) === collectionOf(model));
      await syncModel(tenants, model, namesakes, how, row, report.drift);
    } catch (error) {
      report.failed.push({ ...row, error });
    }
  }
}

/**
 * @param {import('./tenants').Tenants} tenants
 * @param {any} model
 * @param {any[]} namesakes all models of that collection
 * @param {{dryRun: boolean, drop: boolean}} how
 * @param {{tenant: string | undefined, dbName: string, model: string}} row
 * @param {any[]} rows is added to where indexes differ
 */
async function syncModel(tenants, model, namesakes, { dryRun, drop }, row, rows) {
  const bound = (/** @type {any} */ each) => tenants.model(each, row.dbName);
  const diff = await bound(model).diffIndexes({ indexOptionsToCreate: true });
  let toDrop = diff.toDrop;
  // An index that another model of the collection declares is not extra. Mongoose sees to discriminators.
  for (const other of namesakes.filter((each) => familyOf(each) !== familyOf(model)))
    if (toDrop.length > 0) {
      const unwanted = (await bound(other).diffIndexes()).toDrop;
      toDrop = toDrop.filter((/** @type {string} */ name) => unwanted.includes(name));
    }
  if (toDrop.length === 0 && diff.toCreate.length === 0) return;
  const toCreate = diff.toCreate.map((/** @type {any[]} */ [keys]) => keys);
  const result = { ...row, toDrop, toCreate, dropped: [], created: [] };
  rows.push(result);
  if (dryRun) return;
  if (drop) result.dropped = await bound(model).cleanIndexes({ toDrop });
  await bound(model).createIndexes({ toCreate: diff.toCreate });
  result.created = toCreate;
}

const collectionOf = (model) => model.collection.collectionName;
const familyOf = (model) => model.baseModelName ?? model.modelName;

/** @param {any} connection */
async function collectionsOf(connection) {
  const collections = await connection.db
    .listCollections({ type: { $ne: 'view' } }, { nameOnly: true })
    .toArray();
  return new Set(collections.map((/** @type {{name: string}} */ { name }) => name));
}

exports.syncIndexes = syncIndexes;
