'use strict';

const { setMaxListeners } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { Engine } = require('../../lib/driver/engine');
const { createClient } = require('../../lib/driver/client');
const { codecOf } = require('../../lib/protocol/codec');
const { mongo, openBoth, uri } = require('../support/both-drivers');
const { lockFailPoints, unlockFailPoints } = require('../support/fail-points');

const APP = 'polymongo-driver-deadlines';

let both;
let engine;
let client;
let db;
let collection;
beforeAll(async () => {
  await lockFailPoints();
  both = await openBoth('deadlines');
  engine = new Engine(uri, { appName: APP, maxPoolSize: 60 });
  client = createClient(engine, codecOf(mongo), { dbName: both.ours.db.databaseName });
  db = client.db();
  collection = db.collection('things');
  await collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
}, 120_000);
afterAll(async () => {
  await answerAgain();
  unlockFailPoints();
  await client.close(true);
  await both.close();
});

/** The server takes its time with these commands. */
async function answerLate(...failCommands) {
  await both.official.db.admin().command({
    configureFailPoint: 'failCommand',
    mode: 'alwaysOn',
    data: { failCommands, blockConnection: true, blockTimeMS: 1500, appName: APP },
  });
}
/** A connection for each of so many operations, so that all can be sent at once. */
async function warm(count) {
  const slow = () => collection.find({ $where: 'sleep(50) || true' }).toArray();
  while (engine.stats().pools[0].totalConnections < count)
    await Promise.all(Array.from({ length: count }, slow));
}
const answerAgain = () =>
  both.official.db.admin().command({ configureFailPoint: 'failCommand', mode: 'off' });

/** Every kind of operation that waits for a server, and its command. */
const OPERATIONS = [
  ['findOne', 'find', (options) => collection.findOne({}, options)],
  ['a cursor', 'find', (options) => collection.find({}, options).toArray()],
  ['for await', 'find', (options) => readAll(collection.find({}, options))],
  ['a stream of a cursor', 'find', (options) => readAll(collection.find({}, options).stream())],
  ['aggregate', 'aggregate', (options) => collection.aggregate([], options).toArray()],
  ['countDocuments', 'aggregate', (options) => collection.countDocuments({}, options)],
  ['estimatedDocumentCount', 'count', (options) => collection.estimatedDocumentCount(options)],
  ['distinct', 'distinct', (options) => collection.distinct('a', {}, options)],
  ['insertOne', 'insert', (options) => collection.insertOne({}, options)],
  ['insertMany', 'insert', (options) => collection.insertMany([{}, {}], options)],
  ['updateOne', 'update', (options) => collection.updateOne({}, { $set: { a: 1 } }, options)],
  ['updateMany', 'update', (options) => collection.updateMany({}, { $set: { a: 1 } }, options)],
  ['replaceOne', 'update', (options) => collection.replaceOne({ _id: 1 }, { a: 1 }, options)],
  ['deleteOne', 'delete', (options) => collection.deleteOne({ _id: 0 }, options)],
  ['deleteMany', 'delete', (options) => collection.deleteMany({ _id: 0 }, options)],
  ['findOneAndUpdate', 'findAndModify', (o) => collection.findOneAndUpdate({}, { $set: { a: 1 } }, o)],
  ['findOneAndDelete', 'findAndModify', (options) => collection.findOneAndDelete({ _id: 0 }, options)],
  ['bulkWrite', 'insert', (options) => collection.bulkWrite([{ insertOne: { document: {} } }], options)],
  ['createIndex', 'createIndexes', (options) => collection.createIndex({ a: 1 }, options)],
  ['dropIndex', 'dropIndexes', (options) => collection.dropIndex('a_1', options)],
  ['indexes', 'listIndexes', (options) => collection.indexes(options)],
  ['listCollections', 'listCollections', (options) => db.listCollections({}, options).toArray()],
  ['createCollection', 'create', (options) => db.createCollection('made', options)],
  ['drop', 'drop', (options) => db.dropCollection('nothing', options)],
  ['rename', 'renameCollection', (options) => db.collection('nothing').rename('something', options)],
  ['dropDatabase', 'dropDatabase', (options) => client.db(`${db.databaseName}_none`).dropDatabase(options)],
  ['command', 'dbStats', (options) => db.command({ dbStats: 1 }, options)],
  ['listDatabases', 'listDatabases', (options) => db.admin().listDatabases(options)],
];

async function readAll(documents) {
  const all = [];
  for await (const document of documents) all.push(document);
  return all;
}

const COMMANDS = [...new Set(OPERATIONS.map(([, command]) => command))];
const settled = async (promises) =>
  (await Promise.allSettled(promises)).map(({ status, reason }, index) => [
    OPERATIONS[index][0],
    status === 'rejected' ? reason : status,
  ]);

test('a signal ends every kind of operation at once, with its reason', async () => {
  await answerLate(...COMMANDS);
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const reason = new Error('enough');
  let answered = false;
  const running = settled(OPERATIONS.map(([, , run]) => run({ signal: controller.signal })));
  running.then(() => {
    answered = true;
  });
  await sleep(200);
  expect(answered).toBe(false);
  controller.abort(reason);
  expect(await running).toEqual(OPERATIONS.map(([name]) => [name, reason]));
  // Nothing is sent for one that is aborted already.
  const late = OPERATIONS.map(([, , run]) => run({ signal: controller.signal }));
  expect(await settled(late)).toEqual(OPERATIONS.map(([name]) => [name, reason]));
  await answerAgain();
});

test('timeoutMS ends every kind of operation, and its error says that it was sent', async () => {
  await warm(OPERATIONS.length);
  await answerLate(...COMMANDS);
  const errors = await settled(OPERATIONS.map(([, , run]) => run({ timeoutMS: 300 })));
  const TimeoutError = mongo.MongoOperationTimeoutError ?? mongo.MongoNetworkTimeoutError;
  // Bulks tell of it as the official driver does.
  const told = ([name, error]) => [
    name,
    error instanceof mongo.MongoBulkWriteError ? error.cause.constructor : error.constructor,
    error.sent,
  ];
  expect(errors.map(told)).toEqual(OPERATIONS.map(([name]) => [name, TimeoutError, true]));
  await answerAgain();
});

test('both reach the further batches of a cursor', async () => {
  await answerLate('getMore');
  const controller = new AbortController();
  const aborted = collection.find({}, { batchSize: 1, signal: controller.signal }).toArray();
  const late = collection.find({}, { batchSize: 1, timeoutMS: 300 }).toArray();
  setTimeout(() => controller.abort(new Error('enough')), 200);
  await expect(aborted).rejects.toThrow('enough');
  await expect(late).rejects.toMatchObject({ sent: true });
  await answerAgain();
});

test('a signal ends a change stream, whether it is being opened or waits for changes', async () => {
  const controller = new AbortController();
  const stream = collection.watch([], { signal: controller.signal });
  const next = stream.next();
  next.catch(() => {});
  await sleep(200);
  controller.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
  expect(stream.closed).toBe(true);
  const never = collection.watch([], { signal: controller.signal });
  await expect(never.next()).rejects.toThrow('enough');
  await never.close();
});

describe('a transaction', () => {
  const open = async () => {
    const pipeline = [
      { $currentOp: { idleSessions: true, localOps: true } },
      { $match: { appName: APP, 'transaction.parameters.autocommit': false } },
    ];
    return both.official.client.db('admin').aggregate(pipeline).toArray();
  };

  test.each([
    ['its first', true, { timeoutMS: 250 }],
    ['a later', false, { timeoutMS: 250 }],
    ['its first', true, 'signal'],
    ['a later', false, 'signal'],
  ])('is over when %s operation is given up (%#)', async (_which, first, how) => {
    await answerLate('insert');
    const session = client.startSession();
    session.startTransaction();
    if (!first) await collection.updateOne({ _id: 1 }, { $set: { n: 1 } }, { session });
    const options = how === 'signal' ? { signal: AbortSignal.timeout(250), session } : { ...how, session };
    await expect(collection.insertOne({ _id: 'given up' }, options)).rejects.toThrow();
    const next = await collection.findOne({}, { session }).catch((error) => error);
    expect(next).toBeInstanceOf(mongo.MongoTransactionError);
    expect(await open()).toEqual([]);
    await session.abortTransaction();
    await answerAgain();
    session.startTransaction();
    await collection.insertOne({ _id: `after ${JSON.stringify(how)} ${first}` }, { session });
    await session.commitTransaction();
    await session.endSession();
    expect(await collection.countDocuments({ _id: 'given up' })).toBe(0);
    expect(await open()).toEqual([]);
  });

  test('whose operations come all at once, and whose commit is not awaited, is whole', async () => {
    for (let round = 0; round < 20; round++) {
      const session = client.startSession();
      session.startTransaction();
      const others = [db.collection('left'), client.db(`${db.databaseName}_other`).collection('right')];
      const writes = others.flatMap((one) => [1, 2].map((n) => one.insertOne({ n, round }, { session })));
      const commit = session.commitTransaction();
      const after = collection.findOne({ _id: 1 });
      await Promise.all([...writes, commit, after]);
      await session.endSession();
      for (const one of others) expect(await one.countDocuments({ round })).toBe(2);
    }
    await client.db(`${db.databaseName}_other`).dropDatabase();
  });
});
