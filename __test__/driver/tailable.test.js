'use strict';

const { openBoth } = require('../support/both-drivers');

const TAIL = { tailable: true };
const WAIT = { tailable: true, awaitData: true, maxAwaitTimeMS: 100 };

let both;
let made = 0;
beforeAll(async () => {
  both = await openBoth('tailable', { monitorCommands: false });
});
afterAll(() => both.close());

async function capped({ db }, ids = [1, 2, 3], options = {}) {
  const collection = await db.createCollection(`capped_${made}`, { capped: true, size: 8192, ...options });
  if (ids.length > 0) await collection.insertMany(ids.map((_id) => ({ _id })));
  return collection;
}

/** Runs the same on a capped collection of three documents of each side. */
function same(run, ids, options) {
  made += 1;
  return both.same(async (side) => run(await capped(side, ids, options), side));
}

const told = (promise) =>
  promise.then(
    (value) => value ?? String(value),
    ({ name, code }) => `${name} ${code}`,
  );

const state = (cursor) => ({
  closed: cursor.closed,
  killed: cursor.killed,
  open: cursor.id?.isZero() === false,
  buffered: cursor.bufferedCount(),
});

/** What a cursor says when it is over. */
async function over(cursor) {
  const calls = [cursor.next(), cursor.tryNext(), cursor.hasNext()].map(told);
  return [await Promise.all(calls), state(cursor)];
}

async function read(cursor, count) {
  const read = [];
  while (read.length < count) read.push((await cursor.next())._id);
  return read;
}

test.each([
  ['tailable', TAIL],
  ['tailable, awaiting data', WAIT],
  ['in batches of one', { ...WAIT, batchSize: 1 }],
  ['with maxTimeMS', { ...WAIT, maxTimeMS: 5000 }],
  ['with timeoutMS', { ...WAIT, timeoutMS: 5000 }],
])('tryNext() tells that nothing has come yet: %s', async (_name, options) => {
  const { value } = await same(async (collection) => {
    const cursor = collection.find({}, options);
    const seen = [await read(cursor, 3), await told(cursor.tryNext()), state(cursor)];
    await collection.insertOne({ _id: 4 });
    seen.push(await cursor.tryNext(), await told(cursor.tryNext()), state(cursor));
    await cursor.close();
    return [...seen, await over(cursor)];
  });
  expect(value[3]).toMatchObject({ _id: 4 });
});

test.each([
  ['next', TAIL],
  ['next', WAIT],
  ['hasNext', WAIT],
])('%s() waits for what comes: %j', async (method, options) => {
  await same(async (collection) => {
    const cursor = collection.find({}, options);
    await read(cursor, 3);
    const waiting = cursor[method]();
    await collection.insertOne({ _id: 4 });
    const seen = [await waiting, await told(method === 'next' ? cursor.tryNext() : cursor.next())];
    await cursor.close();
    return [...seen, state(cursor)];
  });
});

test('a loop and a stream go on with what comes, and leaving them closes', async () => {
  await same(async (collection) => {
    const seen = [];
    for (const open of [(cursor) => cursor, (cursor) => cursor.stream()]) {
      const cursor = collection.find({}, WAIT);
      const added = seen.length + 10;
      for await (const { _id } of open(cursor)) {
        seen.push(_id);
        if (_id === 3) await collection.insertOne({ _id: added });
        if (_id === added) break;
      }
      seen.push(state(cursor));
    }
    return seen;
  });
});

test('in a session, as a clone and rewound', async () => {
  await same(async (collection, { client }) => {
    const session = client.startSession();
    const cursor = collection.find({}, { ...WAIT, session });
    const seen = [await read(cursor, 3), await told(cursor.tryNext())];
    const clone = cursor.clone();
    seen.push(await read(clone, 2));
    cursor.rewind();
    seen.push(await read(cursor, 2), state(cursor));
    await clone.close();
    await cursor.close();
    await session.endSession();
    return seen;
  });
});

test.each(['next', 'tryNext', 'hasNext'])('nothing to begin with ends it: %s()', async (method) => {
  await same(async (collection) => {
    const cursor = collection.find({}, WAIT);
    return [await told(cursor[method]()), state(cursor)];
  }, []);
});

test.each([
  ['a collection that is not capped', (_, { db }) => db.collection('plain').find({}, TAIL).next()],
  ['awaitData alone', (collection) => collection.find({}, { awaitData: true }).next()],
  ['a sort', (collection) => collection.find({}, { ...TAIL, sort: { _id: 1 } }).next()],
  ['a time that is no number', async (c) => c.find({}, TAIL).maxAwaitTimeMS('1')],
  [
    'a flag when it runs',
    async (collection) => {
      const cursor = collection.find().addCursorFlag('tailable', true);
      await cursor.next();
      try {
        return cursor.addCursorFlag('awaitData', true);
      } finally {
        await cursor.close();
      }
    },
  ],
])('refused: %s', async (_name, run) => {
  await both.official.db.collection('plain').insertOne({});
  await both.ours.db.collection('plain').insertOne({});
  const { error } = await same(run);
  expect(error).toBeDefined();
});

test('what is written over before it was read ends it', async () => {
  const { value } = await same(
    async (collection) => {
      const cursor = collection.find({}, { ...WAIT, batchSize: 1 });
      const seen = await read(cursor, 1);
      await collection.insertMany([4, 5, 6, 7].map((_id) => ({ _id })));
      return [...seen, await told(cursor.tryNext()), await over(cursor)];
    },
    [1, 2, 3],
    { max: 3 },
  );
  expect(value[1]).toBe('MongoServerError 136');
});

test.each(['next', 'hasNext', 'tryNext'])('a collection dropped under %s() ends it', async (method) => {
  const { value } = await same(async (collection) => {
    const cursor = collection.find({}, WAIT);
    await read(cursor, 3);
    const waiting = told(cursor[method]());
    await collection.drop();
    return [await waiting, await over(cursor)];
  });
  expect(value[0]).toBe('MongoServerError 175');
});

test('a collection dropped under a stream fails it', async () => {
  const { value } = await same(async (collection) => {
    const cursor = collection.find({}, WAIT);
    const seen = [];
    const failed = (async () => {
      for await (const { _id } of cursor.stream()) {
        seen.push(_id);
        if (_id === 3) await collection.drop();
      }
    })();
    return [await told(failed), seen, state(cursor)];
  });
  expect(value[0]).toBe('MongoServerError 175');
});

// The official driver reports the interruption that its own close causes: an error of the server.
test.each([
  ['next', (cursor) => cursor.next(), null],
  ['tryNext', (cursor) => cursor.tryNext(), null],
  ['hasNext', (cursor) => cursor.hasNext(), false],
  ['toArray', (cursor) => cursor.toArray(), []],
])('closing it ends who waits without an error: %s()', async (_name, wait, value) => {
  made += 1;
  const collection = await capped(both.ours);
  const cursor = collection.find({}, { ...WAIT, maxAwaitTimeMS: 60_000 });
  await read(cursor, 3);
  const waiting = wait(cursor);
  await cursor.close();
  expect(await waiting).toEqual(value);
  expect(state(cursor)).toEqual({ closed: true, killed: true, open: false, buffered: 0 });
});

test('aborting it ends who waits with the reason', async () => {
  made += 1;
  const collection = await capped(both.ours);
  const abort = new AbortController();
  const cursor = collection.find({}, { ...WAIT, maxAwaitTimeMS: 60_000, signal: abort.signal });
  await read(cursor, 3);
  const waiting = cursor.next();
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
