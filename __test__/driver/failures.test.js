'use strict';

const { once } = require('node:events');
const { Engine } = require('../../lib/driver/engine');
const { createClient } = require('../../lib/driver/client');
const { codecOf } = require('../../lib/protocol/codec');
const { mongo, openBoth, uri } = require('../support/both-drivers');
const { lockFailPoints, unlockFailPoints } = require('../support/fail-points');

/** Fail points look at this name, so that they hurt nobody else on the server. */
const APP = 'polymongo-driver-failures';

let both;
let client;
let collection;
beforeAll(async () => {
  await lockFailPoints();
  both = await openBoth('failures');
  client = createClient(new Engine(uri, { appName: APP }), codecOf(mongo), {
    dbName: both.ours.db.databaseName,
  });
  collection = client.db().collection('things');
  await collection.insertOne({ _id: 0 });
}, 120_000);
afterAll(async () => {
  await failCommand('off');
  unlockFailPoints();
  await client.close(true);
  await both.close();
});
afterEach(() => failCommand('off'));

async function failCommand(mode, data = {}) {
  const command = { configureFailPoint: 'failCommand', mode, data: { ...data, appName: APP } };
  await both.official.db
    .admin()
    .command(mode === 'off' ? { configureFailPoint: 'failCommand', mode } : command);
}

const failure = (promise) =>
  promise.then(
    () => null,
    (error) => error,
  );

test('a read survives one lost connection, and says so when it loses too many', async () => {
  await failCommand({ times: 1 }, { failCommands: ['find'], closeConnection: true });
  expect(await collection.findOne({ _id: 0 })).toEqual({ _id: 0 });
  await failCommand('alwaysOn', { failCommands: ['find'], closeConnection: true });
  const error = await failure(collection.findOne({ _id: 0 }, { timeoutMS: 3000 }));
  expect(error).toBeInstanceOf(mongo.MongoError);
  expect(['MongoNetworkError', 'MongoOperationTimeoutError']).toContain(error.name);
});

test('a write that is sent again is done once', async () => {
  await failCommand({ times: 1 }, { failCommands: ['update'], closeConnection: true });
  await collection.updateOne({ _id: 'once' }, { $inc: { n: 1 } }, { upsert: true });
  await failCommand(
    { times: 1 },
    { failCommands: ['update'], errorCode: 10107, errorLabels: ['RetryableWriteError'] },
  );
  await collection.updateOne({ _id: 'once' }, { $inc: { n: 1 } });
  expect(await collection.findOne({ _id: 'once' })).toEqual({ _id: 'once', n: 2 });
});

test('a write without a number is not sent again', async () => {
  await failCommand({ times: 1 }, { failCommands: ['update'], closeConnection: true });
  const error = await failure(collection.updateMany({}, { $set: { many: 1 } }));
  expect(error).toBeInstanceOf(mongo.MongoNetworkError);
});

test('a refusal whose text the server cuts within a character is the server’s, and not sent again', async () => {
  const { client: ours, collection: things, commands } = both.ours;
  for (const padding of ['', 'x', 'xx', 'xxx']) {
    await things.deleteMany({});
    await things.insertOne({ _id: 1, a: [padding + '\u{14001}'.repeat(5000)] });
    await ours.withSession(async (session) => {
      for (const inTransaction of [false, true]) {
        if (inTransaction) session.startTransaction();
        commands.length = 0;
        const update = things.findOneAndUpdate({}, { $set: { 'a.b': 1 } }, { session });
        const error = await failure(update);
        expect(error).toBeInstanceOf(mongo.MongoServerError);
        expect(error).toMatchObject({ code: 28, codeName: 'PathNotViable' });
        expect(error.message).toMatch(/^Plan executor error during findAndModify.*Cannot create field 'b'/);
        expect(error.hasErrorLabel('RetryableWriteError')).toBe(false);
        await both.ours.db.command({ ping: 1 });
        expect(commands.filter(({ findAndModify }) => findAndModify === 'things')).toHaveLength(1);
      }
    });
  }
});

describe('labels', () => {
  const inTransaction = (run) => () => client.withSession((session) => run(session));

  test.each([
    ['a read', 'find', [], () => collection.findOne({})],
    ['a numbered write', 'insert', ['RetryableWriteError'], () => collection.insertOne({})],
    ['a write of many', 'update', [], () => collection.updateMany({}, { $set: { many: 2 } })],
    [
      'a write in a transaction',
      'insert',
      ['TransientTransactionError'],
      inTransaction((session) => {
        session.startTransaction();
        return collection.insertOne({}, { session });
      }),
    ],
    [
      'a commit',
      'commitTransaction',
      ['RetryableWriteError', 'UnknownTransactionCommitResult'],
      inTransaction(async (session) => {
        session.startTransaction();
        await collection.insertOne({}, { session });
        await session.commitTransaction();
      }),
    ],
  ])('of %s whose connections break say what may be done', async (_name, command, labels, run) => {
    await failCommand({ times: 6 }, { failCommands: [command], closeConnection: true });
    const error = await failure(run());
    expect(error).toBeInstanceOf(mongo.MongoNetworkError);
    const known = ['RetryableWriteError', 'TransientTransactionError', 'UnknownTransactionCommitResult'];
    expect(known.filter((label) => error.hasErrorLabel(label))).toEqual(labels);
  });

  test('of the server arrive with its code and its whole answer', async () => {
    const errorLabels = ['RetryableWriteError', 'NoWritesPerformed'];
    await failCommand('alwaysOn', { failCommands: ['insert'], errorCode: 134, errorLabels });
    const error = await failure(collection.insertOne({}));
    expect(error).toBeInstanceOf(mongo.MongoServerError);
    expect(errorLabels.every((label) => error.hasErrorLabel(label))).toBe(true);
    expect(error).toMatchObject({ code: 134, codeName: 'ReadConcernMajorityNotAvailableYet' });
    expect(error.errorResponse).toMatchObject({ code: 134, errorLabels });
  });
});

test('a bulk write that breaks off tells what it had done', async () => {
  await failCommand('alwaysOn', { failCommands: ['delete'], errorCode: 8000 });
  const error = await failure(
    collection.bulkWrite([
      { insertOne: { document: { _id: 'bulk' } } },
      { deleteOne: { filter: { _id: 'bulk' } } },
    ]),
  );
  expect(error).toBeInstanceOf(mongo.MongoBulkWriteError);
  expect(error).toMatchObject({ code: 8000, insertedCount: 1, insertedIds: { 0: 'bulk' } });
  expect(error.cause).toBeInstanceOf(mongo.MongoServerError);
});

test('withTransaction runs the function again after a transient error', async () => {
  await failCommand(
    { times: 2 },
    { failCommands: ['insert'], errorCode: 251, errorLabels: ['TransientTransactionError'] },
  );
  let calls = 0;
  await client.withSession((session) =>
    session.withTransaction(async () => {
      calls += 1;
      await collection.insertOne({ _id: 'transient' }, { session });
    }),
  );
  expect(calls).toBe(3);
  expect(await collection.countDocuments({ _id: 'transient' })).toBe(1);
});

test('withTransaction repeats the commit alone while its outcome is unknown', async () => {
  await failCommand(
    { times: 3 },
    { failCommands: ['commitTransaction'], errorCode: 10107, errorLabels: ['RetryableWriteError'] },
  );
  let calls = 0;
  await client.withSession((session) =>
    session.withTransaction(async () => {
      calls += 1;
      await collection.insertOne({ _id: 'unknown' }, { session });
    }),
  );
  expect(calls).toBe(1);
  expect(await collection.countDocuments({ _id: 'unknown' })).toBe(1);
});

test('an error that asks for nothing comes out of withTransaction as it is', async () => {
  await failCommand({ times: 1 }, { failCommands: ['commitTransaction'], errorCode: 8000 });
  await client.withSession(async (session) => {
    const insert = () => session.withTransaction(() => collection.insertOne({ _id: 'lost' }, { session }));
    expect(await failure(insert())).toMatchObject({ name: 'MongoServerError', code: 8000 });
    expect(await collection.countDocuments({ _id: 'lost' })).toBe(0);
    await insert();
    expect(await collection.countDocuments({ _id: 'lost' })).toBe(1);
  });
});

test('a cursor that fails half-way closes', async () => {
  await collection.insertMany(Array.from({ length: 10 }, (_, n) => ({ _id: `c${n}` })));
  const cursor = collection.find({}, { batchSize: 2 });
  await cursor.next();
  await failCommand({ times: 1 }, { failCommands: ['getMore'], errorCode: 8000 });
  const closed = once(cursor, 'close');
  await expect(cursor.toArray()).rejects.toMatchObject({ code: 8000 });
  await closed;
  expect(await cursor.toArray()).toEqual([]);
});

test('a change stream goes on after a lost connection', async () => {
  const stream = collection.watch([], { maxAwaitTimeMS: 100 });
  await stream.tryNext();
  await failCommand({ times: 1 }, { failCommands: ['getMore'], closeConnection: true });
  await collection.insertOne({ _id: 'resumed' });
  expect((await stream.next()).documentKey._id).toBe('resumed');
  await stream.close();
});

test('an unreachable server is a failed selection with a reason', async () => {
  const nowhere = createClient(
    new Engine('mongodb://127.0.0.1:1/', { serverSelectionTimeoutMS: 300, connectTimeoutMS: 200 }),
    codecOf(mongo),
  );
  const find = nowhere.db('x').collection('y').find();
  const error = await failure(find.toArray());
  expect(error).toBeInstanceOf(mongo.MongoServerSelectionError);
  expect(error.reason.constructor.name).toBe('TopologyDescription');
  expect([...error.reason.servers.keys()]).toEqual(['127.0.0.1:1']);
  await nowhere.close(true);
});

test('a closed client refuses, in words both worlds know', async () => {
  const closing = createClient(new Engine(uri, {}), codecOf(mongo), { dbName: both.ours.db.databaseName });
  await closing.connect();
  await closing.close(true);
  const error = await failure(closing.db().collection('things').findOne());
  expect(error).toBeInstanceOf(mongo.MongoClientClosedError);
  expect(error.code).toBe('WRAPPER_CLOSED');
});

describe('events', () => {
  test('commands are told as the official driver tells them', async () => {
    const { client: ours, collection: things } = both.ours;
    const started = once(ours, 'commandStarted');
    const succeeded = once(ours, 'commandSucceeded');
    await things.findOne({ _id: 'event' });
    const [start] = await started;
    expect(start).toMatchObject({
      commandName: 'find',
      databaseName: both.ours.db.databaseName,
      command: { find: 'things' },
    });
    expect(start.address).toMatch(/:\d+$/);
    const [success] = await succeeded;
    expect(success).toMatchObject({ commandName: 'find', requestId: start.requestId, reply: { ok: 1 } });
    const failed = once(ours, 'commandFailed');
    await failure(things.findOne({ $nope: 1 }));
    expect((await failed)[0].failure).toBeInstanceOf(Error);
  });

  test('the engine is left alone when nobody listens any more', async () => {
    const { client: ours, collection: things } = both.ours;
    const facade = ours.boundTo('drv_failures_events');
    const before = both.engine.listenerCount('command');
    const listener = () => {};
    facade.on('commandStarted', listener);
    expect(both.engine.listenerCount('command')).toBe(before + 1);
    facade.off('commandStarted', listener);
    const told = once(ours, 'commandStarted');
    await things.findOne();
    await told;
    expect(both.engine.listenerCount('command')).toBe(before);
  });

  test('the topology is known once it was met', async () => {
    await client.connect();
    const { description } = client.topology;
    expect(description.type).toBe('ReplicaSetWithPrimary');
    expect([...description.servers.values()].map(({ type }) => type)).toContain('RSPrimary');
  });
});
