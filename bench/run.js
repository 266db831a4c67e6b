// npm run bench [-- --quick] [--mongoose 8|9] [--only part-of-a-name]: Mongoose on the official driver and polymongo, in turn.

const { fork } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { startReplicaSet } = require('../scripts/replica-set');
const { makeDocument } = require('./document');
const { TENANTS, workloads } = require('./workloads');

const DATABASE = 'polymongo_bench';
const DOCUMENTS = 10000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    mongoose: { type: 'string', default: '9' },
    only: { type: 'string', default: '' },
  },
});
const mongooseName = options.mongoose === '8' ? 'mongoose8' : 'mongoose';
const rounds = options.quick ? 1 : 3;
const share = options.quick ? 0.1 : 1;
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

async function seed(uri) {
  const { MongoClient } = require('mongoose').mongo;
  const client = await new MongoClient(uri).connect();
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => makeDocument(i));
  await client.db(DATABASE).collection('users').insertMany(documents);
  await client.db(DATABASE).collection('users').createIndex({ age: 1 });
  const few = documents.slice(0, 50);
  for (let k = 0; k < TENANTS; k++) await client.db(`${DATABASE}_${k}`).collection('users').insertMany(few);
  await client.close();
}

function startPeer(peer, uri) {
  const child = fork(path.join(__dirname, 'peer.js'), [peer, mongooseName, uri, DATABASE]);
  const answer = () =>
    new Promise((resolve, reject) => {
      const ended = (code, signal) => reject(new Error(`The peer ${peer} ended: ${signal ?? code}`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message);
      });
    });
  return {
    peer,
    ready: answer(),
    async measure(name, part) {
      const result = answer();
      child.send({ name, share: part });
      const { error, ...figures } = await result;
      if (error) throw new Error(`${peer}, ${name}: ${error}`);
      return figures;
    },
    stop: () => new Promise((resolve) => child.once('exit', resolve) && child.send({ name: null })),
  };
}

(async () => {
  const set = await startReplicaSet({});
  try {
    console.log('Filling the databases …');
    await seed(set.uri);
    const peers = ['official', 'polymongo'].map((peer) => startPeer(peer, set.uri));
    const [{ version }] = await Promise.all(peers.map((peer) => peer.ready));
    const chosen = workloads.filter(({ name }) => name.includes(options.only));
    // Everything is warmed up before anything counts: an unwarmed process shows half of what it can do.
    console.log('Warming up …');
    for (const peer of peers) for (const { name } of chosen) await peer.measure(name, share / 3);

    const results = [];
    console.log(
      `\nMongoose ${version}, medians of ${rounds} round(s); µs = main-thread time of one operation\n`,
    );
    console.log(
      `${'workload'.padEnd(30)}${'official'.padStart(18)}${'polymongo'.padStart(20)}${'op/s'.padStart(9)}${'main thread'.padStart(14)}`,
    );
    for (const { name } of chosen) {
      const figures = Object.fromEntries(peers.map(({ peer }) => [peer, []]));
      for (let round = 0; round < rounds; round++) {
        for (const peer of peers) figures[peer.peer].push(await peer.measure(name, share));
      }
      const of = (peer, key) => median(figures[peer].map((one) => one[key]));
      const row = { name };
      for (const { peer } of peers) {
        row[peer] = {
          operationsPerSecond: of(peer, 'operationsPerSecond'),
          mainThreadMicroseconds: of(peer, 'mainThreadMicroseconds'),
        };
      }
      row.throughput = row.polymongo.operationsPerSecond / row.official.operationsPerSecond;
      row.mainThread = row.official.mainThreadMicroseconds / row.polymongo.mainThreadMicroseconds;
      results.push(row);
      const cell = ({ operationsPerSecond, mainThreadMicroseconds }) =>
        `${operationsPerSecond.toFixed(0)}/s ${mainThreadMicroseconds.toFixed(0)} µs`;
      console.log(
        `${name.padEnd(30)}${cell(row.official).padStart(18)}${cell(row.polymongo).padStart(20)}${`${row.throughput.toFixed(2)} ×`.padStart(9)}${`1/${row.mainThread.toFixed(1)}`.padStart(14)}`,
      );
    }
    writeFileSync(
      path.join(__dirname, 'results.json'),
      `${JSON.stringify({ node: process.version, mongoose: version, rounds, results }, null, 1)}\n`,
    );
    await Promise.all(peers.map((peer) => peer.stop()));
  } finally {
    await set.stop();
  }
})();
