'use strict';

// In a process of its own (node --expose-gc): what a tenant costs where no server is asked. Prints JSON.

const { performance } = require('node:perf_hooks');
const { userSchema } = require('./document');

const [peer, mongooseName, count, modelCount] = process.argv.slice(2);
const mongoose = require(mongooseName);
const TENANTS = Number(count);
/** Fewer than are kept at hand, or each call would find that its tenant was just let go. */
const KNOWN = 1000;
const names = Array.from({ length: TENANTS }, (_, i) => `tenant_${i}`);
const schema = userSchema(mongoose);
const modelNames = Array.from({ length: Number(modelCount) }, (_, i) => `Model${i}`);

/** Each answers one function per model: the model of a database. */
const peers = {
  official() {
    const connection = mongoose.createConnection();
    return modelNames.map((name) => (db) => connection.useDb(db, { useCache: true }).model(name, schema));
  },
  polymongo() {
    const { createWrapper } = require('..');
    const wrapper = createWrapper({ mongoURI: 'mongodb://127.0.0.1:27017', handleSignals: false });
    return modelNames.map((name) => {
      const Model = wrapper.wrapModel(mongoose.model(name, schema));
      return (db) => Model.db(db);
    });
  },
};

const heap = () => {
  for (let i = 0; i < 3; i++) globalThis.gc();
  return process.memoryUsage().heapUsed;
};

/** Microseconds of one call. */
function time(calls, call) {
  const started = performance.now();
  for (let i = 0; i < calls; i++) call(i);
  return ((performance.now() - started) * 1000) / calls;
}

const models = peers[peer]();
for (const model of models) for (let i = 0; i < 200; i++) model(`warm_${i}`);
const before = heap();
const pair = (i) => models[Math.floor(i / TENANTS)](names[i % TENANTS]);
const opened = time(TENANTS * models.length, pair);
const kibibytes = (heap() - before) / 1024 / TENANTS;
const known = time(1_000_000, (i) => models[0](names[i % KNOWN]));
process.stdout.write(JSON.stringify({ opened, known, kibibytes }), () => process.exit());
