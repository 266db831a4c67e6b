'use strict';

const { startReplicaSet } = require('../../scripts/replica-set');

/** The tests' replica set, unless POLYMONGO_TEST_URI names one that runs already. */
module.exports = async function globalSetup() {
  if (process.env.POLYMONGO_TEST_URI) return;
  const set = await startReplicaSet({ log: (line) => process.stdout.write(`${line}\n`) });
  process.env.POLYMONGO_TEST_URI = set.uri;
  globalThis.stopTestReplicaSet = set.stop;
};
