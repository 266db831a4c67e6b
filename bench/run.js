'use strict';

// npm run bench [-- --quick] [--mongoose 8|9] [--only part-of-a-name] [--assert]

const os = require('node:os');
const { parseArgs } = require('node:util');
const { Presets, SingleBar } = require('cli-progress');
const { startReplicaSet } = require('../scripts/replica-set');
const { setUp } = require('../scripts/setup');
const { shortfalls } = require('./asked');
const { makeDocument } = require('./document');
const { halfOfTheCores } = require('./half-of-the-cores');
const { median } = require('./median');
const { buildLimit, startLimit, startNodePeer } = require('./peers');
const { measureProcess } = require('./process-figures');
const { processRow, publish, tableHead, tableRow } = require('./report');
const { TENANT_DOCUMENTS, TENANTS, workloads } = require('./workloads');

const DATABASE = 'polymongo_bench';
const DOCUMENTS = 10_000;
const MILLION = 1_000_000;
const PEERS = ['official', 'upstream', 'polymongo', 'limit'];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    mongoose: { type: 'string' },
    only: { type: 'string' },
    assert: { type: 'boolean', default: false },
  },
});
const effort = options.quick
  ? { processes: 1, rounds: 3, milliseconds: 300, warmUp: 400, processRounds: 1 }
  : { processes: 3, rounds: 3, milliseconds: 700, warmUp: 1000, processRounds: 3 };
const allRounds = effort.processes * effort.rounds;
const chosen = workloads.filter(({ name }) => name.includes(options.only ?? ''));
const mongooseVersions = options.mongoose ? [options.mongoose] : options.quick ? ['9'] : ['9', '8'];

async function seed(client) {
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => makeDocument(i));
  await client.db(DATABASE).collection('users').insertMany(documents);
  const few = documents.slice(0, TENANT_DOCUMENTS);
  for (let k = 0; k < TENANTS; k++) await client.db(`${DATABASE}_${k}`).collection('users').insertMany(few);
}

/**
 * One row per workload. A process keeps the state it once got into, of V8's collections most of all: the rounds are spread
 * over several processes of each peer.
 */
async function measureWorkloads(settings, client, progress) {
  progress.start(effort.processes * chosen.length * PEERS.length * (2 + effort.rounds), 0);
  const figures = new Map(
    chosen.map(({ name }) => [name, Object.fromEntries(PEERS.map((peer) => [peer, []]))]),
  );
  let version;
  for (let process = 1; process <= effort.processes; process++) {
    const peers = PEERS.map((name) => startPeer(name, settings));
    [{ version }] = await Promise.all(peers.map(({ ready }) => ready));
    await measureInTurn(peers, client, progress, figures);
    await Promise.all(peers.map((peer) => peer.stop()));
  }
  progress.stop();
  return { version, rows: chosen.map(({ name }) => compare(name, figures.get(name))) };
}

const startPeer = (name, settings) =>
  name === 'limit' ? startLimit(settings) : startNodePeer(name, settings);

/** Every peer in turn, each measurement on its own. */
async function measureInTurn(peers, client, progress, figures) {
  const measure = async (peer, { name, concurrency, writes }, milliseconds) => {
    if (writes) await client.db(DATABASE).collection('scratch').drop();
    const answer = await peer.measure({ name, concurrency, milliseconds });
    progress.increment();
    return answer;
  };
  // Everything is warmed up before anything counts, and each workload again: an unwarmed process shows half of what it can
  // do, and one that did something else for a while is not warm.
  const warmUp = async (workload) => {
    for (const peer of peers) await measure(peer, workload, effort.warmUp);
  };
  for (const workload of chosen) await warmUp(workload);
  for (const workload of chosen) {
    await warmUp(workload);
    for (let round = 0; round < effort.rounds; round++)
      for (const peer of peers)
        figures.get(workload.name)[peer.name].push(await measure(peer, workload, effort.milliseconds));
  }
}

/** Ratios are those within a round, for what a machine does changes from one to the next. */
function compare(name, figures) {
  const of = (peer, key) => median(figures[peer].map((one) => one[key]));
  const both = (peer) => ({
    operationsPerSecond: of(peer, 'operationsPerSecond'),
    mainThreadMicroseconds: of(peer, 'mainThreadMicroseconds'),
  });
  const ratio = (over, under, key) =>
    median(figures[over].map((one, round) => one[key] / figures[under][round][key]));
  return {
    name,
    peers: { official: both('official'), upstream: both('upstream'), polymongo: both('polymongo') },
    limit: of('limit', 'operationsPerSecond'),
    throughput: ratio('polymongo', 'official', 'operationsPerSecond'),
    mainThread: ratio('official', 'polymongo', 'mainThreadMicroseconds'),
    ofLimit: ratio('polymongo', 'limit', 'operationsPerSecond'),
  };
}

/** What is resident after a million operations, by what was after the first fifth. */
async function measureMemory(settings) {
  const peer = startNodePeer('polymongo', settings);
  await peer.ready;
  const work = (limit) => peer.measure({ name: 'findOne lean', milliseconds: Infinity, limit });
  const early = await work(MILLION / 5);
  const late = await work(MILLION - MILLION / 5);
  await peer.stop();
  const value = late.residentMegabytes / early.residentMegabytes;
  return { name: 'resident after 1,000,000 operations, ratio', value, official: null };
}

async function run(version, uri, limit, client) {
  const mongooseName = version === '8' ? 'mongoose8' : 'mongoose';
  const settings = { mongooseName, uri, limit, database: DATABASE };
  const bar = new SingleBar(
    { format: 'measuring {bar} {value}/{total}, {eta_formatted} left' },
    Presets.rect,
  );
  const { version: exact, rows } = await measureWorkloads(settings, client, bar);
  console.log(`\nMongoose ${exact}, medians of ${allRounds} rounds, µs of the main thread per operation\n`);
  console.log([tableHead(), ...rows.map(tableRow)].join('\n'));
  const process = options.only ? [] : await measureProcess({ ...settings, rounds: effort.processRounds });
  if (!options.only && !options.quick) process.push(await measureMemory(settings));
  console.log(`\n${process.map(processRow).join('\n')}`);
  return { version: exact, workloads: rows, process };
}

async function main() {
  await setUp();
  const limit = await buildLimit();
  console.log('Starting a server and filling it …');
  const set = await startReplicaSet({});
  const client = await new (require('mongoose').mongo.MongoClient)(set.uri).connect();
  try {
    await seed(client);
    const versions = [];
    for (const version of mongooseVersions) versions.push(await run(version, set.uri, limit, client));
    if (options.quick || options.only || options.mongoose)
      console.log(
        '\nA part of the benchmark: bench/results.json, the chart and the README keep the last full run.',
      );
    else
      publish({
        node: process.version,
        cores: os.availableParallelism(),
        half: halfOfTheCores() !== null,
        rounds: allRounds,
        processes: effort.processes,
        versions,
      });
    if (options.assert) assertAsked(versions);
  } finally {
    await client.close();
    await set.stop();
  }
}

function assertAsked(versions) {
  const missing = versions.flatMap((one) =>
    shortfalls(one).map((line) => `Mongoose ${one.version}, ${line}`),
  );
  console.log(
    missing.length ? `\nShort of what is asked:\n${missing.join('\n')}` : '\nAll that is asked is reached.',
  );
  if (missing.length) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
