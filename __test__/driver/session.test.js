'use strict';

const { once } = require('node:events');
const { createClient } = require('../../lib/driver/client');
const { codecOf } = require('../../lib/protocol/codec');
const { mongo, openBoth } = require('../support/both-drivers');

let both;
beforeAll(async () => {
  both = await openBoth('session');
  for (const { db } of [both.ours, both.official]) await db.createCollection('things');
});
afterAll(() => both.close());
beforeEach(async () => {
  for (const { collection } of [both.ours, both.official]) await collection.deleteMany({});
});

const withSession = (run) => async (side) => await side.client.withSession((session) => run(session, side));

describe('a session', () => {
  test('has the members that Mongoose and its users look at', async () => {
    const { client, collection } = both.ours;
    const session = client.startSession();
    await collection.findOne({}, { session });
    expect(session.constructor.name).toBe('ClientSession');
    expect(session.id.id.buffer.length).toBe(16);
    expect(session.serverSession.id).toEqual(session.id);
    expect(session.hasEnded).toBe(false);
    expect(session.transaction.isActive).toBe(false);
    expect(session.supports.causalConsistency).toBe(true);
    expect(session.operationTime).toBeInstanceOf(mongo.Timestamp);
    expect(session.clusterTime.clusterTime).toBeInstanceOf(mongo.Timestamp);
    expect(session.equals(session)).toBe(true);
    expect(session.equals(client.startSession())).toBe(false);
    expect(() => session.toBSON()).toThrow(mongo.MongoRuntimeError);
    const mark = Symbol('mark');
    session[mark] = 1;
    const ended = once(session, 'ended');
    const { id } = session;
    await session.endSession();
    await session.endSession();
    expect((await ended)[0]).toBe(session);
    expect([session.hasEnded, session[mark], session.id]).toEqual([true, 1, id]);
  });

  test('is disposed of by `await using`', async () => {
    const session = both.ours.client.startSession();
    await session[Symbol.asyncDispose]();
    expect(session.hasEnded).toBe(true);
  });

  test('advances with the times of another', async () => {
    const { client, collection } = both.ours;
    const first = client.startSession();
    const second = client.startSession();
    await collection.insertOne({ n: 1 }, { session: first });
    second.advanceClusterTime(first.clusterTime);
    second.advanceOperationTime(first.operationTime);
    expect(await collection.findOne({ n: 1 }, { session: second })).toMatchObject({ n: 1 });
    await first.endSession();
    await second.endSession();
  });

  test.each([
    [
      'an ended session',
      async ({ client, collection }) => {
        const session = client.startSession();
        await session.endSession();
        await collection.findOne({}, { session });
      },
    ],
    [
      'an unacknowledged write in a session',
      withSession((session, { collection }) => collection.insertOne({}, { session, writeConcern: { w: 0 } })),
    ],
    [
      'contradicting options',
      async ({ client }) => client.startSession({ causalConsistency: true, snapshot: true }),
    ],
    ['a cluster time that is none', withSession((session) => session.advanceClusterTime(5))],
    ['a cluster time without a time', withSession((session) => session.advanceClusterTime({}))],
    ['withSession without a function', ({ client }) => client.withSession()],
  ])('%s is refused in the official words', async (_name, run) => {
    await both.same(run);
  });

  test('a session of another client is refused', async () => {
    const session = both.official.client.startSession();
    const find = both.ours.collection.findOne({}, { session });
    await expect(find).rejects.toThrow('ClientSession must be from the same MongoClient');
    await expect(find).rejects.toBeInstanceOf(mongo.MongoInvalidArgumentError);
    await session.endSession();
  });

  test('facades of one client share sessions', async () => {
    const { client } = both.ours;
    const session = client.boundTo('drv_session_other').startSession();
    expect(await both.ours.collection.countDocuments({}, { session })).toBe(0);
    await session.endSession();
  });
});

describe('a snapshot session', () => {
  const withSnapshot = (run) => async (side) =>
    await side.client.withSession({ snapshot: true }, (session) => run(session, side));

  test('sees several collections and databases at one point in time', async () => {
    const { value } = await both.same(
      withSnapshot(async (session, { client, db, collection }) => {
        const elsewhere = client.db(`${db.databaseName}_elsewhere`);
        const places = [collection, db.collection('others'), elsewhere.collection('things')];
        for (const place of places) {
          await place.deleteMany({});
          await place.insertOne({ _id: 1, n: 1 });
        }
        const seen = [await collection.findOne({}, { session })];
        for (const place of places) {
          await place.updateOne({ _id: 1 }, { $set: { n: 2 } });
          await place.insertOne({ _id: 2, n: 3 });
        }
        for (const place of places) {
          seen.push(await place.find({}, { session, batchSize: 1 }).toArray());
          seen.push([{ _id: 1, n: await place.countDocuments({}, { session }) }]);
          seen.push((await place.distinct('n', {}, { session })).map((n) => ({ _id: n, n })));
        }
        const outside = await elsewhere.collection('things').countDocuments();
        await elsewhere.dropDatabase();
        return [seen.flat(), outside];
      }),
    );
    const [seen, outside] = value;
    expect(seen).toEqual(Array(10).fill(expect.objectContaining({ _id: 1, n: 1 })));
    expect(outside).toBe(2);
  });

  test.each([
    ['insertOne', [{ _id: 9 }]],
    ['insertMany', [[{ _id: 9 }, { _id: 10 }]]],
    ['updateOne', [{}, { $set: { a: 1 } }]],
    ['updateMany', [{}, { $set: { a: 1 } }]],
    ['deleteOne', [{}]],
    ['findOneAndUpdate', [{}, { $set: { a: 1 } }]],
    ['bulkWrite', [[{ insertOne: { document: { _id: 9 } } }]]],
  ])('refuses %s in the official words', async (method, parameters) => {
    for (const { collection } of [both.ours, both.official]) await collection.insertOne({ _id: 1 });
    const write = withSnapshot((session, { collection }) => collection[method](...parameters, { session }));
    const [mine, theirs] = await both.outcomes(write);
    const told = ({ error: { name, message, code, codeName } }) => ({ name, message, code, codeName });
    expect(told(mine)).toEqual(told(theirs));
    expect(await both.ours.collection.find().toArray()).toEqual([{ _id: 1 }]);
  });
});

describe('a transaction', () => {
  test('commits all or nothing', async () => {
    await both.same(
      withSession(async (session, { collection }) => {
        session.startTransaction();
        await collection.insertMany([{ _id: 1 }, { _id: 2 }], { session });
        const inside = await collection.find({}, { session, batchSize: 1 }).toArray();
        const outside = await collection.countDocuments();
        const during = [session.inTransaction(), session.transaction.isActive, session.transaction.state];
        await session.commitTransaction();
        const after = [session.inTransaction(), session.transaction.isCommitted, session.transaction.state];
        await session.commitTransaction();
        return [inside, outside, during, after, await collection.countDocuments()];
      }),
    );
  });

  test('aborts', async () => {
    await both.same(
      withSession(async (session, { collection }) => {
        session.startTransaction();
        await collection.insertOne({ _id: 1 }, { session });
        await session.abortTransaction();
        return [session.transaction.state, await collection.countDocuments({}, { session })];
      }),
    );
  });

  test('is aborted when its session ends', async () => {
    await both.same(async ({ client, collection }) => {
      const session = client.startSession();
      session.startTransaction();
      await collection.insertOne({ _id: 1 }, { session });
      await session.endSession();
      await collection.insertOne({ _id: 1 });
      return await collection.countDocuments();
    });
  });

  test('writes of all kinds belong to it', async () => {
    await both.same(
      withSession(async (session, { collection }) => {
        await collection.insertOne({ _id: 1, n: 1 });
        session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
        const options = { session, readConcern: { level: 'local' }, writeConcern: { w: 1 } };
        await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, options);
        await collection.updateMany({}, { $inc: { n: 1 } }, options);
        await collection.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } }, { session });
        await collection.bulkWrite(
          [{ insertOne: { document: { _id: 2 } } }, { deleteMany: { filter: { _id: 2 } } }],
          options,
        );
        const distinct = await collection.distinct('n', {}, options);
        const counted = await collection.countDocuments({}, options);
        await session.commitTransaction();
        return [distinct, counted, await collection.findOne({ _id: 1 })];
      }),
    );
  });

  test.each([
    ['a commit without a transaction', (session) => session.commitTransaction()],
    ['an abort without a transaction', (session) => session.abortTransaction()],
    ['a second start', async (session) => [session.startTransaction(), session.startTransaction()]],
    [
      'a commit after an abort',
      async (session) => {
        session.startTransaction();
        await session.abortTransaction();
        await session.commitTransaction();
      },
    ],
    [
      'a second abort',
      async (session) => {
        session.startTransaction();
        await session.abortTransaction();
        await session.abortTransaction();
      },
    ],
    [
      'an abort after a commit',
      async (session) => {
        session.startTransaction();
        await session.commitTransaction();
        await session.abortTransaction();
      },
    ],
    [
      'an empty commit, twice',
      async (session) => {
        session.startTransaction();
        await session.commitTransaction();
        await session.commitTransaction();
        return session.transaction.state;
      },
    ],
    ['an unacknowledged transaction', (session) => session.startTransaction({ writeConcern: { w: 0 } })],
    [
      'a read from a secondary',
      async (session, { collection }) => {
        session.startTransaction();
        await collection.findOne({}, { session, readPreference: 'secondary' });
      },
    ],
    [
      'a transaction that prefers secondaries',
      async (session, { collection }) => {
        session.startTransaction({ readPreference: 'nearest' });
        await collection.findOne({}, { session });
      },
    ],
  ])('%s: as the official driver has it', async (_name, run) => {
    await both.same(withSession(async (session, side) => await run(session, side)));
  });

  test('a snapshot session has none', async () => {
    await both.same(async ({ client }) => {
      const session = client.startSession({ snapshot: true });
      try {
        session.startTransaction();
      } finally {
        await session.endSession();
      }
    });
  });

  test('a conflict carries the label that asks for another try', async () => {
    const { client, collection } = both.ours;
    await collection.insertOne({ _id: 1, n: 0 });
    await client.withSession(async (session) => {
      session.startTransaction();
      await collection.findOne({ _id: 1 }, { session });
      await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } });
      const error = await collection
        .updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session })
        .catch((failure) => failure);
      expect(error).toBeInstanceOf(mongo.MongoServerError);
      expect(error.hasErrorLabel('TransientTransactionError')).toBe(true);
      await session.abortTransaction();
    });
  });
});

describe('the context', () => {
  let frame;
  let things;
  let client;
  beforeAll(() => {
    const options = { dbName: both.ours.db.databaseName, context: () => frame };
    client = createClient(both.engine, codecOf(mongo), options);
    things = client.db().collection('things');
  });

  test('lends its session to what names none', async () => {
    const session = client.startSession();
    session.startTransaction();
    frame = { session };
    await things.insertMany([{ _id: 1 }, { _id: 2 }]);
    await things.updateOne({ _id: 1 }, { $set: { a: 1 } });
    const inside = await things.find({ a: 1 }).toArray();
    const outside = await things.countDocuments({}, { session: null });
    // Nothing that a transaction could not hold.
    await things.listIndexes().toArray();
    await client.db().admin().ping();
    frame = undefined;
    await session.abortTransaction();
    await session.endSession();
    expect([inside.length, outside, await things.countDocuments()]).toEqual([1, 0, 0]);
  });

  test('lends its deadline', async () => {
    await things.insertOne({ _id: 1 });
    frame = { timeoutMS: 100 };
    await expect(things.findOne({ $where: 'sleep(2000) || true' })).rejects.toMatchObject({ sent: true });
    frame = undefined;
  });

  test('a session lent for one transaction serves nothing afterwards', async () => {
    const session = client.startSession();
    session.onlyInTransaction = true;
    session.startTransaction();
    await things.insertOne({ _id: 5 }, { session });
    await session.commitTransaction();
    const refusal = { name: 'PolyMongoError', code: 'TRANSACTION_ENDED' };
    await expect(things.insertOne({ _id: 6 }, { session })).rejects.toMatchObject(refusal);
    await session.endSession();
    await expect(things.findOne({}, { session })).rejects.toMatchObject(refusal);
  });
});

describe('withTransaction', () => {
  test('gives back the value and commits', async () => {
    await both.same(
      withSession(async (session, { collection }) => {
        const value = await session.withTransaction(async (given) => {
          await collection.insertOne({ _id: 1 }, { session: given });
          return given === session;
        });
        return [value, session.transaction.state, await collection.countDocuments()];
      }),
    );
  });

  test('an error of the function aborts and comes out as it is', async () => {
    await both.same(
      withSession(async (session, { collection }) => {
        await session.withTransaction(async () => {
          await collection.insertOne({ _id: 1 }, { session });
          throw new TypeError('mine');
        });
      }),
    );
    expect(await both.ours.collection.countDocuments()).toBe(0);
  });

  test('a function that ends the transaction itself is left alone', async () => {
    await both.same(
      withSession(async (session, { collection }) => {
        const aborted = await session.withTransaction(async () => {
          await collection.insertOne({ _id: 1 }, { session });
          await session.abortTransaction();
          return 'aborted';
        });
        const committed = await session.withTransaction(async () => {
          await collection.insertOne({ _id: 2 }, { session });
          await session.commitTransaction();
          return 'committed';
        });
        return [aborted, committed, await collection.find().toArray()];
      }),
    );
  });

  test('a function that returns no promise is refused', async () => {
    await both.same(withSession((session) => session.withTransaction(() => 1)));
  });

  test('conflicting transactions all succeed in the end', async () => {
    const { client, collection } = both.ours;
    await collection.insertOne({ _id: 1, n: 0 });
    let calls = 0;
    const increment = () =>
      client.withSession((session) =>
        session.withTransaction(async () => {
          calls += 1;
          const { n } = await collection.findOne({ _id: 1 }, { session });
          await collection.updateOne({ _id: 1 }, { $set: { n: n + 1 } }, { session });
        }),
      );
    await Promise.all(Array.from({ length: 6 }, increment));
    expect((await collection.findOne({ _id: 1 })).n).toBe(6);
    expect(calls).toBeGreaterThan(6);
  });
});
