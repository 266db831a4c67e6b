'use strict';

const { SingleBar, Presets } = require('cli-progress');
const { createWrapper } = require('../..');
const { startReplicaSet } = require('../../scripts/replica-set');
const { City } = require('./city');
const { countries, isTenant } = require('./countries');
const { load } = require('./load');
const { observeSockets } = require('./sockets');

const APP_NAME = 'polymongo-cities';
const POOL_SIZE = 10;

/**
 * Loads the cities of the world, one tenant database per country, into a replica set of its own.
 *
 * @param {{limit?: number}} [options] `limit`: at most so many cities of each country
 */
async function openCities({ limit } = {}) {
  const tenants = countries(limit);
  const set = await startReplicaSet();
  const wrapper = createWrapper({
    mongoURI: set.uri,
    appName: APP_NAME,
    maxPoolSize: POOL_SIZE,
    defaultDB: tenants[0].db,
    allowDatabase: isTenant,
  });
  const close = async () => {
    await wrapper.closeAll();
    await set.stop();
  };
  const observer = observeSockets(set.uri, APP_NAME);
  try {
    const TenantCity = wrapper.wrapModel(City);
    const started = Date.now();
    await observer.during(() => loadWithProgress(TenantCity, tenants));
    const seconds = (Date.now() - started) / 1_000;
    const sockets = await observer.count(TenantCity.db(tenants[0].db), POOL_SIZE);
    return { wrapper, City: TenantCity, tenants, poolSize: POOL_SIZE, sockets, seconds, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    await observer.close();
  }
}

async function loadWithProgress(TenantCity, tenants) {
  const total = tenants.reduce((sum, { cities }) => sum + cities.length, 0);
  const format = 'Loading {bar} {percentage} % · {value} of {total} cities · {duration} s';
  const bar = new SingleBar({ format, noTTYOutput: true, notTTYSchedule: 5_000 }, Presets.shades_classic);
  bar.start(total, 0);
  try {
    await load(TenantCity, tenants, (cities) => bar.increment(cities));
  } finally {
    bar.stop();
  }
}

module.exports = { openCities };
