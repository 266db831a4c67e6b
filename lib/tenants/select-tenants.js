'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');

/** How many tenants are worked on at a time, where nothing else is said. */
const CONCURRENCY = 8;

/**
 * The tenants that are meant: those of a list of names, checked, each once, in its order; or those that there are and
 * that match a pattern.
 *
 * @param {import('./tenants').Tenants} tenants
 * @param {unknown} selection  A list of names, a pattern, or undefined for all
 * @returns {Promise<string[]>}
 */
async function selectTenants(tenants, selection) {
  if (selection === undefined || typeof selection === 'string' || selection instanceof RegExp)
    return tenants.wiring.listTenants(selection);
  if (typeof selection?.[Symbol.iterator] !== 'function') {
    throw new PolyMongoError(
      `Tenants are chosen by a list of names, or by a pattern: a RegExp or a text such as "eu_*"${received(selection)}`,
      { code: 'OPTION_INVALID', option: 'names' },
    );
  }
  const names = [...new Set(/** @type {Iterable<string>} */ (selection))];
  for (const name of names) tenants.databaseOf(name);
  return names;
}

module.exports = { CONCURRENCY, selectTenants };
