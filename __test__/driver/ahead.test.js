'use strict';

const { setTimeout: wait } = require('node:timers/promises');
const { createClient } = require('../../lib/driver/client');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');
const { mongo, openBoth, uri } = require('../support/both-drivers');
const { lockFailPoints, unlockFailPoints } = require('../support/fail-points');

/** Fail points look at this name, so that they hurt nobody else on the server. */
const APP = 'polymongo-driver-ahead';
const COUNT = 250;

let both;
let getMores;
let replies;

beforeAll(async () => {
  both = await openBoth('ahead');
  for (const { collection } of [both.ours, both.official]) {
    await collection.insertMany(Array.from({ length: COUNT }, (_, n) => ({ _id: n, n })));
  }
  both.ours.client.on('commandStarted', ({ commandName }) => {
    if (commandName === 'getMore') getMores += 1;
  });
  both.ours.client.on('commandSucceeded', ({ commandName }) => {
    if (commandName === 'getMore') replies += 1;
  });
});
afterAll(() => both.close());
beforeEach(() => {
  getMores = 0;
  replies = 0;
});

/** Long enough for a batch to come, if one was asked for. */
const aWhile = () => wait(100);

const open = (options) => both.ours.collection.find({}, { sort: { n: 1 }, batchSize: 10, ...options });

async function take(cursor, count) {
  const taken = [];
  while (taken.length < count) taken.push((await cursor.next()).n);
  return taken;
}

describe('the next batch', () => {
  test('is there when the one before is used up', async () => {
    const cursor = open();
    await take(cursor, 1);
    await aWhile();
    // Who takes one document may never take another.
    expect(getMores).toBe(0);
    await take(cursor, 1);
    await aWhile();
    expect([getMores, replies]).toEqual([1, 1]);
    expect(await take(cursor, 8)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    await aWhile();
    // No further than one.
    expect(getMores).toBe(1);
    expect(await take(cursor, 1)).toEqual([10]);
    await aWhile();
    expect(getMores).toBe(2);
    expect(await cursor.toArray()).toHaveLength(COUNT - 11);
    expect(cursor.closed).toBe(true);
  });

  test('is asked for in the words of the official driver', async () => {
    for (const options of [
      { batchSize: 40 },
      { batchSize: 50 },
      { batchSize: 40, limit: 80 },
      { batchSize: 40, comment: 'why' },
    ]) {
      const iterate = (cursor) => async () => {
        const seen = [];
        for await (const { n } of cursor) seen.push(n);
        return seen;
      };
      await both.sameCommands(({ collection }) =>
        iterate(collection.find({}, { sort: { n: 1 }, ...options }))(),
      );
    }
  });

  test('is left to the reader where it would wait or be in the way', async () => {
    const capped = await both.ours.db.createCollection('capped', { capped: true, size: 10_000 });
    await capped.insertMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const tailable = capped.find({}, { tailable: true, awaitData: true, batchSize: 2 });
    await take(tailable, 2);
    const session = both.ours.client.startSession();
    const inSession = open({ session });
    await take(inSession, 3);
    session.startTransaction();
    const inTransaction = open({ session });
    await take(inTransaction, 3);
    await aWhile();
    expect(getMores).toBe(0);
    await Promise.all([tailable.close(), inSession.close(), inTransaction.close()]);
    await session.abortTransaction();
    await session.endSession();
  });

  test('fails where it would have been read', async () => {
    await lockFailPoints();
    const admin = both.official.client.db('admin');
    const data = { failCommands: ['getMore'], errorCode: 2, appName: APP };
    const client = createClient(new Engine(uri, { appName: APP }), codecOf(mongo), {
      dbName: both.ours.db.databaseName,
    });
    try {
      const cursor = client
        .db()
        .collection('things')
        .find({}, { sort: { n: 1 }, batchSize: 10 });
      await take(cursor, 1);
      await admin.command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data });
      expect(await take(cursor, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await aWhile();
      await expect(cursor.next()).rejects.toThrow(mongo.MongoServerError);
      expect(cursor.closed).toBe(true);
    } finally {
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
      unlockFailPoints();
    }
    await client.close(true);
  }, 120_000);

  test('that nobody asks for any more is forgotten, with its failure', async () => {
    const rejections = [];
    const listener = (reason) => rejections.push(reason);
    process.on('unhandledRejection', listener);
    const closed = open();
    await take(closed, 2);
    await closed.close();
    expect(await closed.tryNext().catch(({ name }) => name)).toBe('MongoCursorExhaustedError');
    const rewound = open();
    await take(rewound, 5);
    rewound.rewind();
    expect(await take(rewound, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    await rewound.close();
    const controller = new AbortController();
    const aborted = open({ signal: controller.signal });
    await take(aborted, 5);
    controller.abort(new Error('enough'));
    await expect(aborted.next()).rejects.toThrow('enough');
    await aWhile();
    process.off('unhandledRejection', listener);
    expect(rejections).toEqual([]);
    expect(both.engine.stats().openCursors).toBe(0);
  });

  test('is fetched for sixteen cursors at a time, and for another one when one lets go', async () => {
    const cursors = Array.from({ length: 20 }, () => open());
    // One after the other, so that the first sixteen are it.
    for (const cursor of cursors) await take(cursor, 2);
    await aWhile();
    expect(getMores).toBe(16);
    await cursors[0].close();
    expect(await take(cursors[19], 8)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    await aWhile();
    expect(getMores).toBe(17);
    expect(await cursors[18].toArray()).toHaveLength(COUNT - 2);
    await Promise.all(cursors.map((cursor) => cursor.close()));
  });

  test('holds no connection', async () => {
    const narrow = await openBoth('ahead_narrow', { maxPoolSize: 1 });
    const { collection } = narrow.ours;
    await collection.insertMany(Array.from({ length: 50 }, (_, n) => ({ n })));
    await narrow.official.collection.insertMany(Array.from({ length: 50 }, (_, n) => ({ n })));
    const seen = await narrow.same(async ({ collection: things }) => {
      let count = 0;
      for await (const { _id } of things.find({}, { batchSize: 5 })) {
        await things.updateOne({ _id }, { $set: { seen: true } });
        count += 1;
      }
      return [count, await things.countDocuments({ seen: true })];
    });
    expect(seen.value).toEqual([50, 50]);
    await narrow.close();
  });
});
