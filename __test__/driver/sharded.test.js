'use strict';

const PolyMongo = require('../..');
const { mongo, uri } = require('../support/both-drivers');
const mongoose = require('../support/mongoose');
const { until } = require('../support/until');
const { Mongos } = require('./support/mongos');

const { BSON } = mongo;
const PORT = Number(new URL(uri).port);
const DATABASE = 'sharded';
const DOCUMENTS = 200;
const NO_CONNECTION = /No connection became free within waitQueueTimeoutMS/;

const Thing = mongoose.model('ShardedThing', new mongoose.Schema({ _id: Number, n: Number }));

let server;
beforeAll(async () => {
  server = await new mongo.MongoClient(uri).connect();
});
beforeEach(async () => {
  await server.db(DATABASE).dropDatabase();
  const documents = Array.from({ length: DOCUMENTS }, (_, n) => ({ _id: n, n }));
  await server.db(DATABASE).collection(Thing.collection.collectionName).insertMany(documents);
});
afterAll(async () => {
  await server.db(DATABASE).dropDatabase();
  await server.close();
});

/** Routers, and a wrapper that knows no server but them. */
async function withRouters(count, { perConnection = false, ...options }, work) {
  const routers = Array.from({ length: count }, () => new Mongos(BSON, PORT, { perConnection }));
  for (const router of routers) await router.start();
  const hosts = routers.map(({ address }) => address).join(',');
  const mongoURI = `mongodb://${hosts}/?loadBalanced=${perConnection}`;
  const settings = { mongoURI, handleSignals: false, sharePool: false, ...options };
  const wrapper = PolyMongo.createWrapper(settings);
  try {
    return await work({ wrapper, model: wrapper.wrapModel(Thing).db(DATABASE), routers });
  } finally {
    await wrapper.forceCloseAll();
    await Promise.all(routers.map((router) => router.stop()));
  }
}

/** Mongoose's stream is there before the server's. */
const opened = (stream) => until(() => stream.driverChangeStream?.resumeToken);

const commandsOf = (routers, name) =>
  routers.flatMap(({ commands }) => commands.filter((command) => name in command));

describe.each([
  ['two routers', 2, {}],
  ['a load balancer', 1, { perConnection: true }],
])('behind %s', (_, count, options) => {
  test('reads and writes go to all of them', () =>
    withRouters(count, options, async ({ model, routers }) => {
      await Promise.all(
        Array.from({ length: 40 }, (_, n) => model.updateOne({ _id: n }, { $inc: { n: 1000 } })),
      );
      expect(await model.countDocuments({ n: { $gte: 1000 } })).toBe(40);
      for (const { commands } of routers) expect(commands.length).toBeGreaterThan(0);
      for (const { txnNumber } of commandsOf(routers, 'update')) expect(txnNumber).toBeDefined();
    }));

  test('a read preference is told as routers read it', () =>
    withRouters(count, options, async ({ model, routers }) => {
      const tags = [{ dc: 'ny' }, {}];
      await model.find({ _id: 1 }).read('secondary', tags).lean();
      await model.find({ _id: 2 }).read('nearest').lean();
      await model.find({ _id: 3 }).lean();
      const finds = commandsOf(routers, 'find').sort((a, b) => a.filter._id - b.filter._id);
      const told = finds.map(({ $readPreference }) => $readPreference);
      expect(told).toEqual([{ mode: 'secondary', tags }, { mode: 'nearest' }, undefined]);
    }));

  test('a cursor goes on where it was opened', () =>
    withRouters(count, options, async ({ model, wrapper, routers }) => {
      const read = async () => {
        const seen = [];
        for await (const { n } of model.find().sort('_id').batchSize(7).lean().cursor()) seen.push(n);
        return seen;
      };
      const all = Array.from({ length: DOCUMENTS }, (_, n) => n);
      for (const seen of await Promise.all(Array.from({ length: 20 }, read))) expect(seen).toEqual(all);
      const json = await wrapper.json(model.find().sort('_id').batchSize(9).select('-_id n'));
      expect(JSON.parse(json.toString())).toEqual(all.map((n) => ({ n })));
      for (const router of routers) expect(commandsOf([router], 'getMore').length).toBeGreaterThan(0);
    }));

  test('a transaction goes on where it was started, and its end carries the recovery token', () =>
    withRouters(count, options, async ({ model, wrapper, routers }) => {
      const move = (from) =>
        wrapper.transaction(async (session) => {
          await model.updateOne({ _id: from }, { $inc: { n: -5 } }, { session });
          await model.find({ _id: { $lt: 50 } }, null, { session, batchSize: 10 });
          await model.updateOne({ _id: from + 100 }, { $inc: { n: 5 } }, { session });
        });
      await Promise.all(Array.from({ length: 20 }, (_, n) => move(n)));
      expect((await model.findById(3)).n).toBe(-2);
      expect((await model.findById(103)).n).toBe(108);
      const commits = commandsOf(routers, 'commitTransaction');
      expect(commits.length).toBeGreaterThanOrEqual(20);
      for (const { recoveryToken } of commits)
        expect(recoveryToken).toEqual({ recoveryShardId: expect.any(String) });

      const failure = wrapper.transaction(async (session) => {
        await model.updateOne({ _id: 1 }, { n: 77 }, { session });
        throw new Error('changed my mind');
      });
      await expect(failure).rejects.toThrow('changed my mind');
      expect((await model.findById(1)).n).toBe(-4);
    }));

  test('a write whose reply is lost happens once', () =>
    withRouters(count, options, async ({ model, routers }) => {
      await model.findOne();
      for (const router of routers) router.loses = 'update';
      await Promise.all(Array.from({ length: 8 }, (_, n) => model.updateOne({ _id: n }, { $inc: { n: 1 } })));
      const written = await model
        .find({ _id: { $lt: 8 } })
        .sort('_id')
        .lean();
      expect(written.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(commandsOf(routers, 'update').length).toBe(8 + count);
    }));

  test('a change stream misses nothing when its connection ends', () =>
    withRouters(count, options, async ({ model, routers }) => {
      const stream = model.watch();
      const seen = [];
      stream.on('change', ({ documentKey }) => seen.push(documentKey._id));
      await opened(stream);
      for (let _id = 1000; _id < 1010; _id++) {
        await model.create({ _id, n: 0 });
        if (_id === 1004) for (const router of routers) for (const socket of router.sockets) socket.destroy();
      }
      await until(() => seen.length >= 10, 10_000);
      expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => 1000 + i));
      await stream.close();
    }));
});

describe('behind a load balancer, with one connection', () => {
  const one = { perConnection: true, maxPoolSize: 1, waitQueueTimeoutMS: 300 };

  test('an open cursor keeps it', () =>
    withRouters(1, one, async ({ model }) => {
      const cursor = model.find().sort('_id').batchSize(10).lean().cursor();
      expect(await cursor.next()).toMatchObject({ _id: 0 });
      await expect(model.findOne()).rejects.toThrow(NO_CONNECTION);
      for (let n = 1; n < 50; n++) expect(await cursor.next()).toMatchObject({ _id: n });
      await cursor.close();
      expect(await model.countDocuments()).toBe(DOCUMENTS);
      let read = 0;
      for await (const { n } of model.find().batchSize(10).lean()) read += n < DOCUMENTS;
      expect(read).toBe(DOCUMENTS);
      expect(await model.findById(7).lean()).toMatchObject({ n: 7 });
    }));

  test.each(['commitTransaction', 'abortTransaction'])('a transaction keeps it: %s', (end) =>
    withRouters(1, one, async ({ model }) => {
      const session = await model.startSession();
      session.startTransaction();
      await model.updateOne({ _id: 1 }, { n: 5 }, { session });
      await expect(model.findOne()).rejects.toThrow(NO_CONNECTION);
      const read = await model.find({}, null, { session, batchSize: 10 }).lean();
      expect(read.length).toBe(DOCUMENTS);
      await session[end]();
      session.startTransaction();
      await model.updateOne({ _id: 2 }, { n: 6 }, { session });
      await session[end]();
      expect(await model.countDocuments({ n: { $in: [5, 6] } }).session(session)).toBe(
        end[0] === 'c' ? 4 : 2,
      );
      expect(await model.findOne().lean()).toMatchObject({ _id: 0 });
      await session.endSession();
    }),
  );

  test('until the session ends, if it does nothing after a commit', () =>
    withRouters(1, one, async ({ model }) => {
      const session = await model.startSession();
      session.startTransaction();
      await model.updateOne({ _id: 1 }, { n: 5 }, { session });
      await session.commitTransaction();
      await expect(model.findOne()).rejects.toThrow(NO_CONNECTION);
      await session.endSession();
      expect(await model.countDocuments()).toBe(DOCUMENTS);
    }));

  test.each([
    ['is closed', (cursor) => cursor.close(), {}],
    [
      'takes too long',
      (cursor) => expect(cursor.next()).rejects.toThrow(/did not end within \d+ ms/),
      { timeoutMS: 50 },
    ],
  ])('a cursor that %s while it waits for a batch leaves no reply behind', (_, end, options) =>
    withRouters(1, { ...one, waitQueueTimeoutMS: 5000 }, async ({ model, routers }) => {
      const cursor = model.collection.find({}, { ...options, batchSize: 10 });
      routers[0].delays = 'getMore';
      for (let n = 0; n < 10; n++) await cursor.next();
      await end(cursor);
      for (let n = 0; n < 5; n++) {
        expect(await model.countDocuments()).toBe(DOCUMENTS);
        expect(await model.findById(n).lean()).toMatchObject({ _id: n });
      }
    }),
  );

  test('nor does one of a transaction that has ended', () =>
    withRouters(1, { ...one, waitQueueTimeoutMS: 5000 }, async ({ model, routers }) => {
      const session = await model.startSession();
      session.startTransaction();
      const cursor = model.collection.find({}, { session, batchSize: 10, timeoutMS: 2000 });
      for (let n = 0; n < 5; n++) await cursor.next();
      await session.commitTransaction();
      routers[0].delays = 'getMore';
      await cursor.close();
      for (let n = 0; n < 5; n++)
        expect(await model.findById(n).session(session).lean()).toMatchObject({ n });
      await session.endSession();
    }));

  test('nor does a statement of a transaction that takes too long', () =>
    withRouters(1, { ...one, waitQueueTimeoutMS: 5000 }, async ({ model, routers }) => {
      const session = await model.startSession();
      session.startTransaction();
      await model.updateOne({ _id: 1 }, { n: -1 }, { session });
      routers[0].delays = 'update';
      const late = model.collection.updateOne({ _id: 2 }, { $set: { n: -2 } }, { session, timeoutMS: 50 });
      await expect(late).rejects.toThrow(/did not end within \d+ ms/);
      await expect(session.commitTransaction()).rejects.toThrow(/transaction was aborted/);
      await session.endSession();
      for (let n = 1; n < 5; n++) expect(await model.findById(n).lean()).toMatchObject({ n });
    }));

  test('a change stream that is closed while it waits leaves no reply behind', () =>
    withRouters(1, one, async ({ model }) => {
      for (let round = 0; round < 5; round++) {
        const stream = model.watch();
        const seen = [];
        stream.on('change', ({ documentKey }) => seen.push(documentKey._id));
        await opened(stream);
        await model.create({ _id: 1000 + round, n: 0 });
        await until(() => seen.length > 0);
        expect(seen).toEqual([1000 + round]);
        await stream.close();
      }
    }));
});
