'use strict';

const mongoose = require('../support/mongoose');
const PolyMongo = require('../..');

const Thing = mongoose.model('UnreachableThing', new mongoose.Schema({ name: String }));

/** The error of a query through a wrapper of its own. */
async function failureAt(mongoURI) {
  const wrapper = PolyMongo.createWrapper({ mongoURI, serverSelectionTimeoutMS: 400, handleSignals: false });
  try {
    return await wrapper
      .wrapModel(Thing)
      .findOne()
      .then(
        () => null,
        (error) => error,
      );
  } finally {
    await wrapper.forceCloseAll();
  }
}

test('a server that refuses connections is named, with the reason', async () => {
  const error = await failureAt('mongodb://127.0.0.1:1');
  expect(error).toBeInstanceOf(mongoose.mongo.MongoServerSelectionError);
  expect(error.message).toMatch(
    /^No server could be reached within 400 ms: 127\.0\.0\.1:1: Connection refused/,
  );
});

test('a wrong name of the replica set is told apart from a server that is down', async () => {
  const error = await failureAt(process.env.POLYMONGO_TEST_URI.replace(/replicaSet=\w+/, 'replicaSet=other'));
  expect(error).toBeInstanceOf(mongoose.mongo.MongoServerSelectionError);
  expect(error.message).toContain('none of the hosts is a member of the replica set');
});

test('a host that cannot be looked up is named plainly', async () => {
  const error = await failureAt('mongodb+srv://no-such-host.invalid');
  expect(error.message).toMatch(/hosts could not be looked up: .*no-such-host\.invalid/);
  expect(error.message).not.toContain('Query {');
});
