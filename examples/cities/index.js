'use strict';

const { parseArgs } = require('node:util');
const { openCities } = require('./open-cities');
const { requireFreePort, serve } = require('./serve');
const { number, queryTenants, tableOf } = require('./summary');

const print = (text = '') => process.stdout.write(`${text}\n`);

/**
 * The demo's command line. `--once` loads, queries every tenant, prints a table and ends; otherwise the page and the
 * routes are served until Ctrl-C.
 *
 * @param {string[]} args
 */
async function main(args) {
  const { once, port, limit } = readArguments(args);
  if (!once) await requireFreePort(port);
  print(`Cities of the world, one database per country${limit ? `, at most ${limit} cities of each` : ''}`);
  const cities = await openCities({ limit });
  printLoaded(cities);
  if (once) return queryOnce(cities);
  const { url, stop } = await serve(cities, port).catch(async (error) => {
    await cities.close();
    throw error;
  });
  print(`\n${url}   the page; routes: /countries /cities?db=country_fr /watch/country_fr /stats /health`);
  print('Ctrl-C stops everything');
  const end = async () => {
    await stop();
    await cities.close();
    print('\nStopped');
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      once: { type: 'boolean', default: false },
      port: { type: 'string', default: process.env.PORT ?? '3000' },
      limit: { type: 'string' },
    },
  });
  return {
    once: values.once,
    port: wholeNumber('--port', values.port, 0, 65_535),
    limit: values.limit === undefined ? undefined : wholeNumber('--limit', values.limit, 1, 1_000_000),
  };
}

function wholeNumber(name, value, least, most) {
  if (/^\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new Error(`${name} must be a whole number from ${least} to ${most}, got "${value}"`);
}

function printLoaded({ tenants, poolSize, sockets, seconds }) {
  const total = tenants.reduce((sum, { cities }) => sum + cities.length, 0);
  print(`databases   ${number(tenants.length)}`);
  print(`documents   ${number(total)}`);
  print(
    `sockets     ${sockets.operations} for operations (pool of ${poolSize}), ${sockets.monitoring} for monitoring`,
  );
  print(`time        ${seconds.toFixed(1)} s (${number(Math.round(total / seconds))} documents/s)`);
}

async function queryOnce({ City, tenants, poolSize, sockets, close }) {
  try {
    const results = await queryTenants(City, tenants);
    print(`\n${tableOf(results)}`);
    const problems = results.flatMap((result) => result.problems);
    if (sockets.operations > poolSize) {
      problems.push(`${sockets.operations} sockets carried operations, the pool has ${poolSize}`);
    }
    if (problems.length > 0) throw new Error(`The summary is not as it must be:\n${problems.join('\n')}`);
    print('\nEvery database holds what was loaded into it');
  } finally {
    await close();
  }
}

module.exports = { main };
