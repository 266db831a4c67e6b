'use strict';

// One peer in a process of its own: takes measurements to make over IPC, answers with what it measured.

const { performance } = require('node:perf_hooks');
const { userSchema } = require('./document');
const { workloads } = require('./workloads');

const [peer, mongooseName, uri, database, poolSize] = process.argv.slice(2);
const maxPoolSize = Number(poolSize);

/** Each answers `{mongoose, model(dbName), scratch(dbName), json(query)}`. */
const peers = {
  async official() {
    const mongoose = require(mongooseName);
    const connection = await mongoose.createConnection(uri, { maxPoolSize }).asPromise();
    const schema = userSchema(mongoose);
    const of = (name, collection) => (db) =>
      connection.useDb(db, { useCache: true }).model(name, schema, collection);
    return { mongoose, model: of('User', 'users'), scratch: of('Scratch', 'scratch'), json: stringify };
  },
  // The published package brings a Mongoose of its own, whichever version is compared.
  async upstream() {
    const mongoose = require(require.resolve('mongoose', { paths: [require.resolve('polymongo-upstream')] }));
    const { createWrapper } = require('polymongo-upstream');
    return bound(mongoose, createWrapper({ mongoURI: uri, maxPoolSize }), stringify);
  },
  async polymongo() {
    const { createWrapper } = require('..');
    const wrapper = createWrapper({ mongoURI: uri, maxPoolSize, handleSignals: false });
    return bound(require(mongooseName), wrapper, (query) => wrapper.json(query));
  },
};

async function bound(mongoose, wrapper, json) {
  const schema = userSchema(mongoose);
  const User = wrapper.wrapModel(mongoose.model('User', schema, 'users'));
  const Scratch = wrapper.wrapModel(mongoose.model('Scratch', schema, 'scratch'));
  await wrapper.connect();
  return { mongoose, model: (db) => User.db(db), scratch: (db) => Scratch.db(db), json };
}

const stringify = async (query) => Buffer.from(JSON.stringify(await query.lean()));

/** Closed loop: `concurrency` operations in flight until the time is over or `limit` of them were made. */
async function measure({ name, milliseconds, limit = Infinity }, context) {
  const { run, concurrency } = workloads.find((one) => one.name === name);
  let operations = 0;
  const before = performance.eventLoopUtilization();
  const started = performance.now();
  const end = started + milliseconds;
  const worker = async () => {
    while (performance.now() < end && operations < limit) await run(context, operations++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - started) / 1000;
  const { active } = performance.eventLoopUtilization(before);
  return {
    operationsPerSecond: operations / seconds,
    mainThreadMicroseconds: (active * 1000) / operations,
    residentMegabytes: process.memoryUsage.rss() / 2 ** 20,
  };
}

(async () => {
  const { mongoose, model, scratch, json } = await peers[peer]();
  const User = model(database);
  const ids = (await User.find({}, { _id: 1 }).lean()).map((document) => document._id);
  const context = { User, Scratch: scratch(database), ids, json, tenant: (k) => model(`${database}_${k}`) };
  process.on('message', (request) =>
    measure(request, context).then(
      (figures) => process.send(figures),
      (error) => process.send({ error: `${peer}, ${request.name}: ${error.stack}` }),
    ),
  );
  process.on('disconnect', () => process.exit(0));
  process.send({ version: mongoose.version });
})();
