'use strict';

/**
 * `npm run test:soak [-- --tenants 20000 --operations 100000]`: random operations on thousands of databases, a tenth of
 * them at hand. Takes a quarter of an hour. Ends with 1 when anything was mixed up, lost or kept.
 */

const { parseArgs } = require('node:util');
const { Presets, SingleBar } = require('cli-progress');
const { setUp } = require('./setup');

const MEGABYTE = 2 ** 20;
/** The server keeps two files open for each collection, until they have been idle for so many seconds. */
const FEW_OPEN_FILES = [
  '--wiredTigerEngineConfigString',
  'file_manager=(close_idle_time=15,close_scan_interval=5,close_handle_minimum=1000)',
];

async function main() {
  const { values } = parseArgs({
    options: {
      tenants: { type: 'string', default: '20000' },
      operations: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    },
  });
  const [tenants, operations, seed] = [values.tenants, values.operations, values.seed].map(Number);
  const atHand = Math.ceil(tenants / 10);
  await setUp();
  const { startReplicaSet } = require('./replica-set');
  const { soak } = require('../__test__/tenants/support/soak');
  const set = await startReplicaSet({ args: FEW_OPEN_FILES });
  console.log(`${operations} operations on ${tenants} tenants, seed ${seed}`);
  const bar = new SingleBar(
    { format: '{bar} {value}/{total}, {eta_formatted} left, {memory} MB' },
    Presets.rect,
  );
  bar.start(operations, 0, { memory: 0 });
  try {
    const result = await soak({
      mongoose: require('mongoose'),
      uri: set.uri,
      prefix: 'soak_',
      tenants,
      operations,
      seed,
      maxCachedDatabases: atHand,
      onProgress: (done) => {
        if (done % 500 === 0) bar.update(done, { memory: Math.round(process.memoryUsage.rss() / MEGABYTE) });
      },
    });
    bar.stop();
    return report(result, atHand);
  } finally {
    bar.stop();
    await set.stop();
  }
}

/** What a tenant with two models may take while it is at hand, and what anything else may. */
const TENANT = 16 * 1024;
const REST = 16 * MEGABYTE;

function report({ stored, heapGrowth, ...problems }, atHand) {
  console.log(`${stored.size} tenants written to; the heap grew by ${(heapGrowth / MEGABYTE).toFixed(1)} MB`);
  for (const [kind, list] of Object.entries(problems)) {
    console.log(`${kind}: ${list.length}`);
    for (const each of list.slice(0, 5)) console.log(`  ${JSON.stringify(each)}`);
  }
  const isFlat = heapGrowth < REST + TENANT * atHand;
  if (!isFlat) console.log('The heap keeps what it should have let go.');
  return isFlat && Object.values(problems).every((list) => list.length === 0);
}

process.chdir(require('node:path').resolve(__dirname, '..'));
main().then(
  (kept) => {
    process.exitCode = kept ? 0 : 1;
  },
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
