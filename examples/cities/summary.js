'use strict';

const LARGEST = 10;

/**
 * Asks every tenant how many cities it holds and searches it once.
 *
 * @param {any} City the wrapped model
 * @param {{db: string, name: string, cities: {name: string}[]}[]} tenants
 */
function queryTenants(City, tenants) {
  return Promise.all(
    tenants.map(async ({ db, name, cities: expected }) => {
      const [cities, [found]] = await Promise.all([
        City.db(db).countDocuments(),
        City.db(db).search(expected[0].name, 1),
      ]);
      const problems = [];
      if (cities !== expected.length) problems.push(`${db} holds ${cities} of ${expected.length} cities`);
      if (!found) problems.push(`${db} does not find "${expected[0].name}"`);
      return { db, name, cities, problems };
    }),
  );
}

/** A table that fits a screen: the largest tenants, and all others in one row. */
function tableOf(results) {
  const sorted = results.toSorted((a, b) => b.cities - a.cities);
  const rest = sorted.slice(LARGEST);
  const sum = (rows) => rows.reduce((total, { cities }) => total + cities, 0);
  const rows = sorted.slice(0, LARGEST).map(({ db, name, cities }) => [db, name, cities]);
  if (rest.length > 0) rows.push([`${rest.length} more`, '', sum(rest)]);
  rows.push([`${results.length} databases`, '', sum(results)]);
  return rows
    .map(([db, name, cities]) => `${db.padEnd(16)}${name.padEnd(20)}${number(cities).padStart(9)}`)
    .join('\n');
}

const number = (value) => value.toLocaleString('en');

module.exports = { queryTenants, tableOf, number };
