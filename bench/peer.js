// One peer in a process of its own: takes workload names over IPC, answers with what it measured.

const { performance } = require('node:perf_hooks');
const { userSchema } = require('./document');
const { workloads } = require('./workloads');

const [peer, mongooseName, uri, database] = process.argv.slice(2);
const mongoose = require(mongooseName);
const POOL = 20;

/** Each answers `model(dbName)` → the User model of that database, and `scratch(dbName)`. */
const peers = {
  async official() {
    const connection = await mongoose.createConnection(uri, { maxPoolSize: POOL }).asPromise();
    const schema = userSchema(mongoose);
    const of = (name, collection) => (db) =>
      connection.useDb(db, { useCache: true }).model(name, schema, collection);
    return { model: of('User', 'users'), scratch: of('Scratch', 'scratch'), close: () => connection.close() };
  },
  async polymongo() {
    const PolyMongo = require('..');
    const wrapper = PolyMongo.createWrapper({
      mongoURI: uri,
      maxPoolSize: POOL,
      handleSignals: false,
      autoIndex: false,
      autoCreate: false,
    });
    const schema = userSchema(mongoose);
    const User = wrapper.wrapModel(mongoose.model('User', schema, 'users'));
    const Scratch = wrapper.wrapModel(mongoose.model('Scratch', schema, 'scratch'));
    await wrapper.connect();
    return { model: (db) => User.db(db), scratch: (db) => Scratch.db(db), close: () => wrapper.closeAll() };
  },
};

/** Closed loop: `concurrency` operations in flight until `operations` have been done. */
async function measure({ run, concurrency, operations }, context) {
  let next = 0;
  const worker = async () => {
    while (next < operations) await run(context, next++);
  };
  const before = performance.eventLoopUtilization();
  const started = performance.now();
  await Promise.all(Array.from({ length: Math.min(concurrency, operations) }, worker));
  const seconds = (performance.now() - started) / 1000;
  const { active } = performance.eventLoopUtilization(before);
  return { operationsPerSecond: operations / seconds, mainThreadMicroseconds: (active * 1000) / operations };
}

(async () => {
  const { model, scratch, close } = await peers[peer]();
  const User = model(database);
  const ids = (await User.find({}, { _id: 1 }).lean()).map((document) => document._id);
  const context = { User, Scratch: scratch(database), ids, tenant: (k) => model(`${database}_${k}`) };
  process.on('message', async ({ name, share }) => {
    if (name === null) {
      await close();
      process.exit(0);
    }
    try {
      const workload = /** @type {any} */ (workloads.find((one) => one.name === name));
      const operations = Math.max(2, Math.round(workload.operations * share));
      process.send?.({ name, ...(await measure({ ...workload, operations }, context)) });
    } catch (error) {
      process.send?.({ name, error: String(error.stack) });
    }
  });
  process.send?.({ ready: true, version: mongoose.version });
})();
