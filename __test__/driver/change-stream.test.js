'use strict';

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { mongo, openBoth } = require('../support/both-drivers');

let both;
let collection;
beforeAll(async () => {
  both = await openBoth('stream');
  ({ collection } = both.ours);
  await collection.insertOne({ _id: 'first' });
});
afterAll(() => both.close());

/** Changes made before the server has opened a stream are not seen by it. */
async function opened(stream) {
  await once(stream, 'init');
  return stream;
}

describe('with listeners', () => {
  test('a listener of `change` opens the stream, and it tells everything', async () => {
    const stream = collection.watch([], { model: () => {}, hydrate: true });
    const changes = [];
    const tokens = [];
    stream.on('resumeTokenChanged', (token) => tokens.push(token));
    stream.on('change', (change) => changes.push(change));
    await opened(stream);
    await collection.insertOne({ _id: 'e1', n: 1 });
    await collection.updateOne({ _id: 'e1' }, { $set: { n: 2 } });
    await collection.deleteOne({ _id: 'e1' });
    while (changes.length < 3) await sleep(20);
    expect(changes.map(({ operationType }) => operationType)).toEqual(['insert', 'update', 'delete']);
    expect(changes[0]).toMatchObject({ fullDocument: { _id: 'e1', n: 1 }, ns: { coll: 'things' } });
    expect(stream.resumeToken).toEqual(tokens.at(-1));
    expect(stream.closed).toBe(false);
    const closed = once(stream, 'close');
    await stream.close();
    await closed;
    expect(stream.closed).toBe(true);
  });

  test('an iterator it cannot be any more, and the other way round', async () => {
    const emitter = collection.watch();
    emitter.on('change', () => {});
    await expect(emitter.next()).rejects.toBeInstanceOf(mongo.MongoAPIError);
    await expect(emitter.hasNext()).rejects.toThrow(
      'ChangeStream cannot be used as an iterator after being used as an EventEmitter',
    );
    await emitter.close();
    const iterator = collection.watch([], { maxAwaitTimeMS: 50 });
    await iterator.tryNext();
    expect(() => iterator.on('change', () => {})).toThrow(
      'ChangeStream cannot be used as an EventEmitter after being used as an iterator',
    );
    await iterator.close();
  });

  test('a failure is an `error`, and the end', async () => {
    const stream = collection.watch([{ $nope: 1 }]);
    const order = [];
    stream.on('error', (error) => order.push(error.name));
    const closed = new Promise((resolve) => stream.on('close', resolve));
    stream.on('change', () => {});
    await closed;
    expect(order).toEqual(['MongoServerError']);
    expect(stream.closed).toBe(true);
  });

  test('what a listener throws is an `error` and does not end the stream', async () => {
    const stream = collection.watch();
    const seen = [];
    const failed = once(stream, 'error');
    stream.on('change', ({ documentKey }) => {
      seen.push(documentKey._id);
      if (seen.length === 1) throw new Error('listener');
    });
    await opened(stream);
    await collection.insertMany([{ _id: 'l1' }, { _id: 'l2' }]);
    expect((await failed)[0].message).toBe('listener');
    while (seen.length < 2) await sleep(20);
    await stream.close();
  });

  test('a dropped collection ends it', async () => {
    const dropped = both.ours.db.collection('dropped');
    await dropped.insertOne({});
    const stream = dropped.watch();
    const types = [];
    const closed = once(stream, 'close');
    stream.on('change', ({ operationType }) => types.push(operationType));
    await opened(stream);
    await dropped.drop();
    await closed;
    expect(types).toEqual(['drop', 'invalidate']);
    expect(stream.closed).toBe(true);
  });
});

describe('one by one', () => {
  test('next, hasNext, tryNext and the resume token', async () => {
    const stream = collection.watch([{ $match: { operationType: 'insert' } }], { maxAwaitTimeMS: 200 });
    expect(await stream.tryNext()).toBeNull();
    await collection.insertMany([{ _id: 'i1' }, { _id: 'i2' }, { _id: 'i3' }]);
    expect(await stream.hasNext()).toBe(true);
    const first = await stream.next();
    const token = stream.resumeToken;
    expect([first.documentKey._id, (await stream.next()).documentKey._id]).toEqual(['i1', 'i2']);
    await stream.close();
    const resumed = collection.watch([], { resumeAfter: token });
    expect((await resumed.next()).documentKey._id).toBe('i2');
    await resumed.close();
    await expect(resumed.next()).rejects.toThrow('ChangeStream is closed');
  });

  test('a loop over it, and leaving the loop closes', async () => {
    const stream = collection.watch([], { maxAwaitTimeMS: 100 });
    await stream.tryNext();
    await collection.insertOne({ _id: 'loop' });
    for await (const change of stream) {
      expect(change.documentKey._id).toBe('loop');
      break;
    }
    expect(stream.closed).toBe(true);
  });

  test('as a stream', async () => {
    const stream = collection.watch();
    const readable = stream.stream();
    readable.resume();
    await opened(stream);
    const data = once(readable, 'data');
    await collection.insertOne({ _id: 'readable' });
    expect((await data)[0].documentKey._id).toBe('readable');
    readable.destroy();
    await once(stream, 'close');
  });

  test('closing ends who waits', async () => {
    const stream = collection.watch();
    const waiting = stream.next().catch((error) => error);
    await opened(stream);
    await stream.close();
    expect(await waiting).toBeInstanceOf(mongo.MongoAPIError);
    expect((await waiting).message).toBe('ChangeStream is closed');
  });

  test('closing is no failure for who only asks whether there is a change', async () => {
    for (const [method, answer] of [
      ['hasNext', false],
      ['tryNext', null],
    ]) {
      const stream = collection.watch();
      const waiting = stream[method]();
      await opened(stream);
      await stream.close();
      expect(await waiting).toBe(answer);
    }
  });
});

// Nobody waits for the next change of these, and so nobody would notice.
test.each([
  ['never opened', () => {}],
  [
    'read one by one',
    async (stream, things) => {
      await stream.tryNext();
      await things.insertOne({});
      await stream.next();
    },
  ],
  [
    'without its listener',
    async (stream, things) => {
      let changed = false;
      stream.once('change', () => {
        changed = true;
      });
      while (!changed) {
        await things.insertOne({});
        await sleep(20);
      }
    },
  ],
])('closing the client closes a stream: %s', async (_name, use) => {
  const own = await openBoth('stream_closing', { monitorCommands: false });
  const closed = [];
  for (const { name, client, collection: things } of [own.ours, own.official]) {
    const stream = things.watch([], { maxAwaitTimeMS: 50 });
    stream.on('error', () => {});
    stream.on('close', () => closed.push(name));
    await use(stream, things);
    await client.close();
    expect(closed).toContain(name);
    expect(stream.closed).toBe(true);
  }
  expect(closed).toEqual(['ours', 'official']);
});

const endings = {
  'the client closes': (side) => side.client.close(),
  'its collection is dropped': (side) => side.collection.drop(),
};

test.each(Object.entries(endings))(
  'is told of its end as by the official driver when %s',
  async (_how, end) => {
    const own = await openBoth('stream_ending', { monitorCommands: false });
    const told = await Promise.all(
      [own.ours, own.official].map(async (side) => {
        await side.collection.insertOne({});
        const stream = side.collection.watch([], { maxAwaitTimeMS: 50 });
        const events = [];
        for (const event of ['end', 'close']) stream.on(event, () => events.push(event));
        stream.on('error', () => {});
        stream.on('change', () => {});
        const closed = once(stream, 'close');
        while (stream.resumeToken == null) await sleep(20);
        await end(side);
        await closed;
        await sleep(50);
        return events;
      }),
    );
    await Promise.all([own.ours, own.official].map(({ client }) => client.close(true)));
    expect(told).toEqual([['close'], ['close']]);
  },
);

test.each([
  ['it is closed', (stream) => stream.close()],
  ['its collection is dropped', (_stream, things) => things.drop()],
])('as a stream it ends when %s', async (_how, end) => {
  for (const { db } of [both.ours, both.official]) {
    const things = db.collection('ended');
    await things.insertOne({});
    const stream = things.watch([], { maxAwaitTimeMS: 50 });
    const ended = once(stream.stream().resume(), 'end');
    while (stream.resumeToken == null) await sleep(20);
    await end(stream, things);
    await ended;
    await stream.close();
  }
});

test('a database and a whole cluster can be watched', async () => {
  for (const parent of [both.ours.db, both.ours.client]) {
    const stream = parent.watch([{ $match: { 'ns.db': both.ours.db.databaseName } }], {
      maxAwaitTimeMS: 100,
    });
    await stream.tryNext();
    await collection.insertOne({});
    expect((await stream.next()).ns).toEqual({ db: both.ours.db.databaseName, coll: 'things' });
    await stream.close();
  }
});

test('the full document can be asked for', async () => {
  const stream = collection.watch([], { fullDocument: 'updateLookup', maxAwaitTimeMS: 100 });
  await stream.tryNext();
  await collection.updateOne({ _id: 'first' }, { $set: { n: 5 } });
  expect((await stream.next()).fullDocument).toEqual({ _id: 'first', n: 5 });
  await stream.close();
});
