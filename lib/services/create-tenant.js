'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');
const { runIn } = require('../tenants/context');
const { readOwn } = require('../wrapper/check-options');

/** @type {import('../protocol/option-values').OptionEntry[]} */
const OPTIONS = [
  {
    name: 'models',
    kind: 'own',
    type: 'custom',
    check: (value) => (Array.isArray(value) ? null : 'must be an array of models or of their names'),
  },
  { name: 'seed', kind: 'own', type: 'function' },
  { name: 'ifExists', kind: 'own', type: 'enum', values: ['error', 'keep'], default: 'error' },
];

/** Databases that are being made by this process. @type {WeakMap<object, Set<string>>} */
const underway = new WeakMap();

/**
 * Makes a tenant's collections with their indexes, and fills it. A failure leaves nothing behind: the database is dropped
 * again if it is ours, that is, if there was none and we made its first collection.
 *
 * @param {object} parts
 * @param {import('../tenants/tenants').Tenants} parts.tenants
 * @param {import('./tenant-directory').TenantDirectory} parts.directory
 * @param {import('../tenants/tenant').Tenant} tenant
 * @param {any} given
 */
async function createTenant({ tenants, directory }, tenant, given) {
  const { models, seed, ifExists } = readOwn(OPTIONS, given, 'createTenant');
  const bound = models === undefined ? boundModels(tenants, tenant) : chosenModels(models, tenant);
  const { databaseName } = tenant;
  const running = underway.get(tenants) ?? new Set();
  underway.set(tenants, running);
  if (running.has(databaseName)) throw exists(tenant, 'is being created');
  running.add(databaseName);
  try {
    if (await directory.exists(databaseName)) {
      if (ifExists === 'keep') return tenant;
      throw exists(tenant, 'exists');
    }
    await make(tenants, tenant, bound, seed);
    return tenant;
  } finally {
    running.delete(databaseName);
  }
}

/**
 * @param {import('../tenants/tenants').Tenants} tenants
 * @param {import('../tenants/tenant').Tenant} tenant
 * @param {any[]} models
 * @param {((tenant: any) => unknown) | undefined} seed
 */
async function make(tenants, tenant, models, seed) {
  /** @type {Set<string>} */
  const created = new Set();
  const frame = { db: tenant.databaseName, session: undefined, timeoutMS: undefined, created };
  let step = 'collections';
  try {
    await runIn(tenants, frame, async () => {
      await makeCollections(tenant, models, created);
      step = 'seed';
      await seed?.(tenant);
    });
  } catch (cause) {
    if (cause instanceof PolyMongoError && cause.code === 'TENANT_EXISTS') throw cause;
    throw await cleanedUp(tenant, step, created.size > 0, cause);
  }
}

/**
 * @param {import('../tenants/tenant').Tenant} tenant
 * @param {any[]} models
 * @param {Set<string>} created the collections that the server says we have made
 */
async function makeCollections(tenant, models, created) {
  const done = new Set();
  for (const model of models) {
    const { collectionName } = model.collection;
    // What says so itself is no collection of its own: a view, for example.
    if (!done.has(collectionName) && model.schema.options.autoCreate !== false) {
      await model.createCollection();
      // Somebody else was faster, and fills it.
      if (created.size === 0) throw exists(tenant, 'is being created');
    }
    done.add(collectionName);
    for (const each of [model, ...Object.values(model.discriminators ?? {})]) await each.createIndexes();
  }
}

/**
 * @param {import('../tenants/tenant').Tenant} tenant
 * @param {string} step
 * @param {boolean} isOurs
 * @param {any} cause
 */
async function cleanedUp(tenant, step, isOurs, cause) {
  let left = 'what it wrote is still there: without models nobody can tell whose the database is';
  if (isOurs)
    left = await tenant.drop().then(
      () => 'its database was dropped again',
      (error) => `its database could not be dropped again: ${error.message}`,
    );
  return new PolyMongoError(
    `The tenant ${JSON.stringify(tenant.name)} could not be created (${step}): ${cause?.message ?? cause}; ${left}`,
    { code: 'TENANT_NOT_CREATED', tenant: tenant.name, step, cause },
  );
}

/** @param {import('../tenants/tenants').Tenants} tenants @param {import('../tenants/tenant').Tenant} tenant */
function boundModels(tenants, { databaseName }) {
  return [...tenants.modelsIn(databaseName)]
    .filter(({ baseModelName }) => baseModelName === undefined)
    .map((model) => tenants.model(model, databaseName));
}

/** @param {any[]} models @param {import('../tenants/tenant').Tenant} tenant */
function chosenModels(models, tenant) {
  return models.map((each) => {
    const model = tenant.model(each);
    if (model.db.name === tenant.databaseName) return model;
    throw new PolyMongoError(
      `models of createTenant() must be models of tenants; "${model.modelName}" has the database "${model.db.name}" ` +
        `for itself${received(each)}`,
      { code: 'OPTION_INVALID', option: 'createTenant.models' },
    );
  });
}

/** @param {import('../tenants/tenant').Tenant} tenant @param {string} what */
function exists({ name }, what) {
  return new PolyMongoError(`The tenant ${JSON.stringify(name)} ${what} already`, {
    code: 'TENANT_EXISTS',
    status: 409,
    tenant: name,
  });
}

exports.createTenant = createTenant;
