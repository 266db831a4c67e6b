'use strict';

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { writePackage } = require('../scripts/package');
const { median } = require('./median');

const TENANTS = 10_000;

/** Runs a program of this folder, answers what it printed. */
async function run(program, ...args) {
  const command = ['--expose-gc', path.join(__dirname, program), ...args.map(String)];
  // The package as it is published looks for its binary among the dependencies.
  const env = { ...process.env, POLYMONGO_NATIVE: addon() };
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  return JSON.parse(stdout);
}

async function times(count, measure) {
  const figures = [];
  for (let i = 0; i < count; i++) figures.push(await measure());
  return (key) => median(figures.map((one) => one[key]));
}

/**
 * What does not depend on operations: start, size, tenants. `official` is null where nothing compares.
 *
 * @returns {Promise<{name: string, value: number, official: number | null}[]>}
 */
async function measureProcess({ mongooseName, uri, database, rounds }) {
  const published = writePackage();
  const start = (peer) =>
    times(rounds * 3, () => run('start.js', peer, mongooseName, uri, database, published));
  const tenants = (peer, count, models) =>
    times(rounds, () => run('tenants.js', peer, mongooseName, count, models));
  const starts = { official: await start('official'), polymongo: await start('polymongo') };
  const one = await tenants('polymongo', TENANTS, 1);
  const ten = await tenants('polymongo', TENANTS, 10);
  // A compiled model per tenant: a tenth of the tenants takes long enough.
  const officialOne = await tenants('official', TENANTS / 10, 1);
  const row = (name, value, official = null) => ({ name, value, official });
  return [
    row('require beyond Mongoose, ms', starts.polymongo('required')),
    row('first query of a cold process, ms', starts.polymongo('firstQuery'), starts.official('firstQuery')),
    row('stripped addon, MB', fs.statSync(addon()).size / 1e6),
    row('heap per tenant, 1 model, KiB', one('kibibytes'), officialOne('kibibytes')),
    row('heap per tenant, 10 models, KiB', ten('kibibytes')),
    row('.db() of a known tenant, µs', one('known'), officialOne('known')),
    row('.db() of a new tenant, µs', one('opened'), officialOne('opened')),
  ];
}

/** Its path. */
function addon() {
  const folder = path.join(__dirname, '../lib/binding');
  return path.join(
    folder,
    fs.readdirSync(folder).find((name) => name.endsWith('.node')),
  );
}

module.exports = { measureProcess };
