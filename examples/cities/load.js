'use strict';

const BATCH = 1_000;

/** More than the pool has connections, so that none of them idles while a batch is being prepared. */
const AT_ONCE = 20;

/**
 * Inserts every country's cities into its own database.
 *
 * @param {any} City the wrapped model
 * @param {{db: string, cities: object[]}[]} tenants
 * @param {(cities: number) => void} loaded told after each batch
 */
async function load(City, tenants, loaded) {
  const batches = batchesOf(tenants);
  const worker = async () => {
    for (const { db, cities } of batches) {
      await City.db(db).insertMany(cities);
      loaded(cities.length);
    }
  };
  // The workers share one iterator, so each takes whatever batch is next.
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function* batchesOf(tenants) {
  for (const { db, cities } of tenants) {
    for (let start = 0; start < cities.length; start += BATCH) {
      yield { db, cities: cities.slice(start, start + BATCH) };
    }
  }
}

module.exports = { load };
