'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');

/** How many tenants are worked on at a time, where nothing else is said. */
const CONCURRENCY = 8;

/**
 * The tenants that are meant, with their databases, checked: those of a list of names, each once, in its order; or those
 * that there are and that match a pattern.
 *
 * @param {import('./tenants').Tenants} tenants
 * @param {unknown} selection  A list of names, a pattern, or undefined for all
 * @returns {Promise<{name: string, dbName: string}[]>}
 */
async function selectTenants(tenants, selection) {
  const isPattern = selection === undefined || typeof selection === 'string' || selection instanceof RegExp;
  if (!isPattern && typeof selection?.[Symbol.iterator] !== 'function') {
    throw new PolyMongoError(
      `Tenants are chosen by a list of names, or by a pattern: a RegExp or a text such as "eu_*"${received(selection)}`,
      { code: 'OPTION_INVALID', option: 'names' },
    );
  }
  const names = isPattern
    ? await tenants.wiring.listTenants(selection)
    : /** @type {Iterable<string>} */ (selection);
  return [...new Set(names)].map((name) => ({ name, dbName: tenants.databaseOf(name) }));
}

module.exports = { CONCURRENCY, selectTenants };
