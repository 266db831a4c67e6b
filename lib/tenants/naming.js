'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');

/**
 * How tenants and databases are named after each other.
 *
 * @typedef {object} Naming
 * @property {(tenant: string) => string} toDatabase
 * @property {(dbName: string) => string | undefined} toTenant  undefined for what is no tenant's database
 */

/** Names that a function may be tried with: words, numbers, ids. It need not take all of them. */
const PROBES = [
  ['q7x', 'w9kz'],
  ['7041', '93052'],
  ['507f1f77bcf86cd799439011', '65a1b2c3d4e5f60718293a4b'],
  ['3f2504e0-4f89-41d3-9a0c-0305e82c3301', '6ba7b810-9dad-41d1-80b4-00c04fd430c8'],
];

/**
 * What the option `databaseName` says, with the way back.
 * @param {any} option
 * @returns {Naming | undefined}
 */
function readNaming(option) {
  if (option === undefined) return undefined;
  if (typeof option !== 'function') return option;
  for (const probes of PROBES) {
    const frame = frameOf(option, probes);
    if (frame !== null) return { toDatabase: option, toTenant: (dbName) => inFrame(frame, dbName) };
  }
  throw new PolyMongoError(
    'databaseName must put something before or after the name of the tenant, as in (tenant) => "prod_" + tenant; ' +
      'for anything else give both ways, {toDatabase: (tenant) => …, toTenant: (dbName) => …}',
    { code: 'OPTION_INVALID', option: 'databaseName' },
  );
}

/** @param {any} option @returns {string | null} what is wrong with it */
function problemOfNaming(option) {
  if (typeof option === 'function') return null;
  const keys = typeof option === 'object' ? Object.keys(option) : [];
  const both = typeof option?.toDatabase === 'function' && typeof option.toTenant === 'function';
  return both && keys.length === 2
    ? null
    : 'must be a function (tenant) => database name, or {toDatabase, toTenant} with both ways';
}

/**
 * What a function puts before and after a name, found by trying it on two.
 * @param {(tenant: string) => unknown} toDatabase
 * @param {string[]} probes
 */
function frameOf(toDatabase, [probe, other]) {
  let names;
  try {
    names = [toDatabase(probe), toDatabase(other)];
  } catch {
    return null;
  }
  const [first, second] = names;
  if (typeof first !== 'string') return null;
  for (let at = first.indexOf(probe); at !== -1; at = first.indexOf(probe, at + 1)) {
    const frame = { before: first.slice(0, at), after: first.slice(at + probe.length) };
    if (second === frame.before + other + frame.after) return frame;
  }
  return null;
}

/** @param {{before: string, after: string}} frame @param {string} dbName */
function inFrame({ before, after }, dbName) {
  const fits =
    dbName.length > before.length + after.length && dbName.startsWith(before) && dbName.endsWith(after);
  return fits ? dbName.slice(before.length, dbName.length - after.length) : undefined;
}

/**
 * The database of a tenant. Two tenants never share one: what leads there must lead back.
 * @param {Naming} naming
 * @param {unknown} tenant
 * @returns {unknown} a database name, not checked
 */
function databaseOf({ toDatabase, toTenant }, tenant) {
  if (typeof tenant !== 'string' || tenant === '')
    throw refused(tenant, `the name of a tenant must be a string${received(tenant)}`);
  let name;
  let back;
  try {
    name = toDatabase(tenant);
    if (typeof name === 'string') back = toTenant(name);
  } catch (error) {
    throw refused(tenant, `databaseName threw: ${error?.message ?? error}`, error);
  }
  if (typeof name === 'string' && back !== tenant)
    throw refused(
      tenant,
      `databaseName gives the database ${JSON.stringify(name)}, which is ` +
        (back === undefined ? "no tenant's on the way back" : `that of the tenant ${JSON.stringify(back)}`),
    );
  return name;
}

/**
 * The tenant of a database, where it is one's.
 * @param {Naming} naming
 * @param {string} dbName
 * @returns {string | undefined}
 */
function tenantOf({ toDatabase, toTenant }, dbName) {
  try {
    const tenant = toTenant(dbName);
    return typeof tenant === 'string' && toDatabase(tenant) === dbName ? tenant : undefined;
  } catch {
    // A function that takes tenants' names alone need not take others.
    return undefined;
  }
}

/** @param {unknown} tenant @param {string} why @param {unknown} [cause] */
function refused(tenant, why, cause) {
  const shown = typeof tenant === 'string' ? ` ${JSON.stringify(tenant.slice(0, 80))}` : '';
  return new PolyMongoError(`The tenant${shown} is refused: ${why}`, {
    code: 'INVALID_DATABASE_NAME',
    status: 400,
    tenant,
    cause,
  });
}

module.exports = { databaseOf, problemOfNaming, readNaming, tenantOf };
