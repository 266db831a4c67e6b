'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');
const { readOwn } = require('../wrapper/check-options');
const { concurrently } = require('./concurrently');
const { CONCURRENCY, selectTenants } = require('./select-tenants');

const isSignal = (value) => (value instanceof AbortSignal ? null : 'must be an AbortSignal');
/** Read where tenants are chosen. */
const anything = () => null;

/** @type {import('../protocol/option-values').OptionEntry[]} */
const OPTIONS = [
  { name: 'names', kind: 'own', type: 'custom', check: anything },
  { name: 'pattern', kind: 'own', type: 'custom', check: anything },
  { name: 'concurrency', kind: 'own', type: 'count', default: CONCURRENCY },
  { name: 'continueOnError', kind: 'own', type: 'boolean', default: false },
  { name: 'signal', kind: 'own', type: 'custom', check: isSignal },
  { name: 'onProgress', kind: 'own', type: 'function' },
];

/**
 * Runs a function once for each tenant, for that tenant.
 *
 * @param {import('./tenants').Tenants} tenants
 * @param {(name: string, dbName: string) => import('./tenant').Tenant} tenantOf
 * @param {any} fn
 * @param {any} given
 */
async function forEachTenant(tenants, tenantOf, fn, given) {
  if (typeof fn !== 'function') throw invalid(`needs a function (tenant) => …${received(fn)}`, 'fn');
  const { names, pattern, concurrency, continueOnError, signal, onProgress } = readOwn(
    OPTIONS,
    given,
    'forEachTenant',
  );
  if (names !== undefined && pattern !== undefined)
    throw invalid('takes names or a pattern, not both', 'pattern');
  signal?.throwIfAborted();
  const chosen = await selectTenants(tenants, names ?? pattern);
  /** @type {{tenant: string, error: any}[]} */
  const failed = [];
  const report = { total: chosen.length, done: 0, failed };

  await concurrently(chosen, concurrency, async ({ name, dbName }) => {
    if (signal?.aborted) return false;
    try {
      const tenant = tenantOf(name, dbName);
      await tenant.run(() => fn(tenant));
      report.done++;
    } catch (error) {
      failed.push({ tenant: name, error });
    }
    await onProgress?.({ tenant: name, total: report.total, done: report.done, failed: failed.length });
    return continueOnError || failed.length === 0;
  });

  signal?.throwIfAborted();
  if (continueOnError || failed.length === 0) return report;
  const [{ tenant, error }] = failed;
  throw new PolyMongoError(
    `The tenant ${JSON.stringify(tenant)} failed, after ${report.done} of ${report.total}: ${error?.message ?? error}`,
    { code: 'TENANT_FAILED', tenant, report, cause: error },
  );
}

/** @param {string} message @param {string} option */
function invalid(message, option) {
  return new PolyMongoError(`forEachTenant() ${message}`, { code: 'OPTION_INVALID', option });
}

exports.forEachTenant = forEachTenant;
