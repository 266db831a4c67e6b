'use strict';

// In a process of its own: what a start of the package as it is published costs. Prints JSON.

const { performance } = require('node:perf_hooks');

const [peer, mongooseName, uri, database, published] = process.argv.slice(2);
const mongoose = require(mongooseName);
const { userSchema } = require('./document');

/** Each answers a model that has not been connected yet. */
const peers = {
  official: () => mongoose.createConnection(uri).useDb(database).model('User', userSchema(mongoose), 'users'),
  polymongo() {
    const wrapper = require(published).createWrapper({ mongoURI: uri, handleSignals: false });
    return wrapper.wrapModel(mongoose.model('User', userSchema(mongoose), 'users')).db(database);
  },
};

(async () => {
  const started = performance.now();
  if (peer === 'polymongo') require(published);
  const required = performance.now() - started;
  const asked = performance.now();
  await peers[peer]().findOne().lean();
  const firstQuery = performance.now() - asked;
  process.stdout.write(JSON.stringify({ required, firstQuery }), () => process.exit());
})();
