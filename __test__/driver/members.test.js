'use strict';

const { mongo, openBoth } = require('../support/both-drivers');

/** Members of the official classes that belong to their inside. */
const INTERNAL = new Set([
  'constructor',
  'emitAndLog',
  'emitAndLogHeartbeat',
  'emitAndLogCommand',
  'asyncDispose',
  // Cursors
  'resolveExplainTimeoutOptions',
  'isDead',
  'server',
  'session',
  'trackCursor',
  'getMore',
  'cursorInit',
  'fetchBatch',
  'cleanup',
  'transformDocument',
  // The client and its sessions
  'checkForNonGenuineHosts',
  'autoEncrypter',
  'pin',
  'unpin',
  // Bulk operations
  'addToOperationsList',
  'handleWriteError',
  'shouldForceServerObjectId',
]);

let both;
beforeAll(async () => {
  both = await openBoth('members');
});
afterAll(() => both.close());

test.each([
  ['MongoClient', ({ client }) => client],
  ['Db', ({ db }) => db],
  ['Admin', ({ db }) => db.admin()],
  ['Collection', ({ collection }) => collection],
  ['FindCursor', ({ collection }) => collection.find()],
  ['AggregationCursor', ({ collection }) => collection.aggregate()],
  ['ListCollectionsCursor', ({ db }) => db.listCollections()],
  ['ListIndexesCursor', ({ collection }) => collection.listIndexes()],
  ['ChangeStream', ({ collection }) => collection.watch()],
  ['ClientSession', ({ client }) => client.startSession()],
  ['OrderedBulkOperation', ({ collection }) => collection.initializeOrderedBulkOp()],
  ['UnorderedBulkOperation', ({ collection }) => collection.initializeUnorderedBulkOp()],
])('%s has every public member of the official class', async (name, make) => {
  const ours = make(both.ours);
  expect(ours.constructor.name).toBe(name);
  const missing = [...memberNames(mongo[name].prototype)].filter((member) => !(member in ours));
  expect(missing).toEqual([]);
  await ours.endSession?.();
});

function memberNames(prototype) {
  const names = new Set();
  for (let level = prototype; level !== null; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (!INTERNAL.has(name) && !name.startsWith('_')) names.add(name);
    }
  }
  return names;
}

test('credentials do not show', async () => {
  const { inspect } = require('node:util');
  const { createClient } = require('../../lib/driver/client');
  const { codecOf } = require('../../lib/protocol/codec');
  const secret = createClient(both.engine, codecOf(mongo), {
    auth: { username: 'me', password: 'hunter2' },
    tlsCertificateKeyFilePassword: 'hunter2',
  });
  const shown = inspect(secret.db().collection('x'), { depth: 20 }) + JSON.stringify(secret.options);
  expect(shown).not.toContain('hunter2');
});
