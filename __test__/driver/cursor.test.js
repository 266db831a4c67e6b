'use strict';

const { once } = require('node:events');
const { mongo, openBoth } = require('../support/both-drivers');

const COUNT = 250;

let both;
beforeAll(async () => {
  both = await openBoth('cursor');
  for (const { collection } of [both.ours, both.official]) {
    await collection.insertMany(Array.from({ length: COUNT }, (_, n) => ({ _id: n, n })));
  }
});
afterAll(() => both.close());

const numbers = (documents) => documents.map(({ n }) => n);

describe('over several batches', () => {
  test.each([
    ['toArray', (cursor) => cursor.toArray().then(numbers)],
    ['next', (cursor) => collect(cursor, (c) => c.next())],
    ['tryNext', (cursor) => collect(cursor, (c) => c.tryNext())],
    ['hasNext', (cursor) => collect(cursor, async (c) => ((await c.hasNext()) ? await c.next() : null))],
    ['async iteration', iterate],
    ['forEach', forEach],
    ['stream', (cursor) => iterate(cursor.stream())],
    ['readBufferedDocuments', buffered],
  ])('%s', async (_name, read) => {
    const seen = await both.same(({ collection }) =>
      read(collection.find({}, { sort: { n: 1 }, batchSize: 40 })),
    );
    expect(seen.value.length).toBe(COUNT);
    await both.same(({ collection }) => read(collection.aggregate([{ $sort: { n: 1 } }], { batchSize: 40 })));
  });

  test('a mapped cursor maps once', async () => {
    await both.same(({ collection }) =>
      collection
        .find({ n: { $lt: 5 } }, { batchSize: 2 })
        .map(({ n }) => n)
        .map((n) => n * 10)
        .toArray(),
    );
    await both.same(({ collection }) =>
      collection
        .find({})
        .map(() => null)
        .toArray(),
    );
    await both.same(({ collection }) =>
      collection
        .find({})
        .map(() => {
          throw new TypeError('mine');
        })
        .next(),
    );
  });

  test('a limit ends the cursor, whatever the batches', async () => {
    for (const [limit, batchSize] of [
      [10, 5],
      [10, 4],
      [10, 10],
      [10, 20],
      [1, 1],
    ]) {
      await both.same(({ collection }) =>
        collection
          .find({}, { sort: { n: 1 } })
          .limit(limit)
          .batchSize(batchSize)
          .toArray(),
      );
    }
  });

  test('the server sends nothing beyond the limit', async () => {
    const batches = [];
    const count = ({ reply }) => {
      if (reply.cursor) batches.push((reply.cursor.firstBatch ?? reply.cursor.nextBatch).length);
    };
    both.ours.client.on('commandSucceeded', count);
    const limited = both.ours.collection.find({}, { sort: { n: 1 }, limit: 10, batchSize: 4 });
    expect(numbers(await limited.toArray())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (let i = 0; i < 200 && batches.length < 3; i++) await new Promise((next) => setTimeout(next, 10));
    both.ours.client.off('commandSucceeded', count);
    expect(batches).toEqual([4, 4, 2]);
  });

  test('those who ask at the same time share a batch and lose nothing', async () => {
    const cursor = both.ours.collection.find({}, { sort: { n: 1 }, batchSize: 10 });
    const seen = await Promise.all(Array.from({ length: 40 }, () => cursor.next()));
    expect(numbers(seen)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    await cursor.close();
  });

  test('getMore uses the batch size', async () => {
    const commands = await both.sameCommands(({ collection }) =>
      collection
        .find({}, { batchSize: 100 })
        .toArray()
        .then((all) => all.length),
    );
    expect(commands.map((command) => command.batchSize)).toEqual([100, 100, 100]);
  });
});

describe('builders', () => {
  test('everything a cursor can be told before it is read', async () => {
    await both.sameCommands(({ collection }) =>
      collection
        .find({ n: 1 })
        .filter({ n: { $gte: 1 } })
        .sort('n', -1)
        .project({ n: 1 })
        .skip(1)
        .limit(4)
        .batchSize(7)
        .hint('_id_')
        .comment('hello')
        .maxTimeMS(5000)
        .collation({ locale: 'en' })
        .allowDiskUse()
        .addCursorFlag('noCursorTimeout', true)
        .withReadConcern({ level: 'local' })
        .withReadPreference('primaryPreferred')
        .toArray(),
    );
    await both.sameCommands(({ collection }) =>
      collection
        .aggregate([{ $match: { n: { $lt: 10 } } }], {
          allowDiskUse: true,
          comment: 'hi',
          cursor: { batchSize: 3 },
        })
        .sort({ n: -1 })
        .limit(2)
        .project({ n: 1 })
        .toArray(),
    );
  });

  test.each([
    ['an unknown flag', (c) => c.find().addCursorFlag('nope', true)],
    ['a flag that is no boolean', (c) => c.find().addCursorFlag('tailable', 1)],
    ['a limit that is no number', (c) => c.find().limit('3')],
    ['a skip that is no number', (c) => c.find().skip('3')],
    ['a batch size that is no number', (c) => c.find().batchSize('3')],
    ['a limit on a tailable cursor', (c) => c.find({}, { tailable: true }).limit(3)],
    ['a sort on a tailable cursor', (c) => c.find({}, { tailable: true }).sort('n')],
    ['disk use without a sort', (c) => c.find().allowDiskUse()],
    ['a wrong modifier', (c) => c.find().addQueryModifier('$nope', 1)],
    ['a read preference that is none', (c) => c.find().withReadPreference(4)],
    ['forEach without a function', (c) => c.find().forEach()],
    ['count with a boolean', (c) => c.find().count(true)],
  ])('%s is refused in the official words', async (_name, run) => {
    await both.same(async ({ collection }) => {
      await run(collection);
      return 'accepted';
    });
  });

  test('a cursor in use cannot be changed', async () => {
    await both.same(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 2 });
      await cursor.next();
      try {
        cursor.limit(3);
      } finally {
        await cursor.close();
      }
    });
  });

  test('clone and rewind start again', async () => {
    await both.same(async ({ collection }) => {
      const cursor = collection.find({}, { sort: { n: -1 }, batchSize: 3 }).limit(5);
      const first = await cursor.next();
      const clone = await cursor.clone().toArray();
      cursor.rewind();
      const again = await cursor.toArray();
      return [
        first,
        clone,
        again,
        await collection
          .aggregate([{ $limit: 2 }])
          .clone()
          .toArray(),
      ];
    });
  });

  test('the caller’s options and pipeline stay as they are', async () => {
    const options = Object.freeze({ sort: { n: 1 }, limit: 2 });
    const pipeline = Object.freeze([{ $match: { n: 3 } }]);
    const { collection } = both.ours;
    expect(await collection.find({}, options).limit(1).toArray()).toEqual([{ _id: 0, n: 0 }]);
    expect(await collection.aggregate(pipeline).limit(1).toArray()).toEqual([{ _id: 3, n: 3 }]);
  });
});

describe('the end', () => {
  test('nothing is sent before the first read, and a closed cursor has nothing', async () => {
    const commands = await both.sameCommands(async ({ collection }) => {
      const cursor = collection.find({});
      await cursor.close();
      return [cursor.closed, await cursor.toArray(), await cursor.next(), await cursor.hasNext()];
    });
    expect(commands).toEqual([]);
  });

  test('closing early ends the cursor on the server', async () => {
    await both.same(async ({ collection }) => {
      const cursor = collection.find({}, { batchSize: 2 });
      await cursor.next();
      await cursor.close();
      await cursor.close();
      const state = [cursor.closed, cursor.killed, await cursor.hasNext()];
      return [state, await cursor.next().catch((error) => error)];
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { commands } = both.ours;
    expect(commands.some((command) => 'killCursors' in command)).toBe(true);
  });

  test('whoever reads while it is closed comes to its end', async () => {
    const { collection } = both.ours;
    for (const read of [(c) => c.next(), (c) => c.tryNext(), (c) => c.toArray().then((all) => all.length)]) {
      const cursor = collection.find({ $where: 'sleep(2) || true' }, { batchSize: 2 });
      await cursor.next();
      await cursor.next();
      const reading = read(cursor);
      await cursor.close();
      expect([null, 0]).toContain(await reading);
    }
  });

  test('what was on its way when it was rewound is not read afterwards', async () => {
    const { collection } = both.ours;
    const cursor = collection.find({}, { sort: { n: 1 }, batchSize: 2 });
    await cursor.next();
    await cursor.next();
    const late = cursor.next().catch((error) => error.name);
    cursor.rewind();
    expect(numbers(await cursor.toArray())).toEqual(Array.from({ length: COUNT }, (_, n) => n));
    expect([null, 'MongoCursorExhaustedError']).toContain(await late);
  });

  test('leaving a loop closes', async () => {
    const cursor = both.ours.collection.find({}, { batchSize: 2 });
    for await (const document of cursor) if (document.n === 1) break;
    expect(cursor.closed).toBe(true);
  });

  test('close is emitted once', async () => {
    for (const read of [(cursor) => cursor.toArray(), (cursor) => cursor.close()]) {
      const cursor = both.ours.collection.find({}, { batchSize: 100 });
      let closes = 0;
      cursor.on('close', () => closes++);
      const closed = once(cursor, 'close');
      await read(cursor);
      await closed;
      await cursor.close();
      expect(closes).toBe(1);
    }
  });

  test('an exhausted cursor answers null for ever', async () => {
    await both.same(async ({ collection }) => {
      const cursor = collection.find({ n: 1 });
      return [
        await cursor.next(),
        await cursor.next(),
        await cursor.next(),
        cursor.closed,
        await cursor.toArray(),
      ];
    });
  });

  test('an error closes the cursor', async () => {
    await both.same(async ({ collection }) => {
      const cursor = collection.find({ $nope: 1 });
      const failure = await cursor.toArray().catch((error) => error);
      return [failure, cursor.closed];
    });
  });

  test('an abort signal ends it with its reason', async () => {
    const { collection } = both.ours;
    const controller = new AbortController();
    const cursor = collection.find({}, { batchSize: 2, signal: controller.signal });
    await cursor.next();
    controller.abort(new Error('enough'));
    await expect(cursor.next()).rejects.toThrow('enough');
    expect(cursor.closed || cursor.isClosed).toBe(true);
    await expect(collection.findOne({}, { signal: controller.signal })).rejects.toThrow('enough');
  });
});

describe('other cursors', () => {
  test('listCollections, listIndexes and commands', async () => {
    await both.same(({ db }) =>
      db
        .listCollections()
        .map(({ name, type }) => [name, type])
        .toArray(),
    );
    await both.same(({ db }) => db.listCollections({ name: 'nope' }).toArray());
    await both.same(({ collection }) => collection.listIndexes().toArray());
    await both.same(({ db }) => db.collection('absent').listIndexes().toArray());
    await both.same(({ db }) =>
      db.runCursorCommand({ find: 'things', filter: { n: { $lt: 3 } }, batchSize: 1 }).toArray(),
    );
    await both.same(async ({ db }) => db.runCursorCommand({ find: 'things' }).batchSize(2));
    await both.same(({ db }) => db.aggregate([{ $documents: [{ a: 1 }, { a: 2 }] }]).toArray());
  });

  test('a tailable cursor waits for what comes', async () => {
    const { db } = both.ours;
    const capped = await db.createCollection('capped', { capped: true, size: 100_000 });
    await capped.insertOne({ n: 1 });
    const cursor = capped.find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: 300 });
    expect((await cursor.next()).n).toBe(1);
    expect(await cursor.tryNext()).toBeNull();
    const next = cursor.next();
    await capped.insertOne({ n: 2 });
    expect((await next).n).toBe(2);
    await cursor.close();
  });

  test('GridFS runs on our database object', async () => {
    const bucket = new mongo.GridFSBucket(both.ours.db, { chunkSizeBytes: 100_000 });
    const upload = bucket.openUploadStream('file');
    upload.end(Buffer.alloc(250_000, 7));
    await once(upload, 'finish');
    const parts = await bucket.openDownloadStreamByName('file').toArray();
    expect(Buffer.concat(parts)).toEqual(Buffer.alloc(250_000, 7));
    expect((await bucket.find({ filename: 'file' }).toArray()).length).toBe(1);
    await bucket.rename(upload.id, 'renamed');
    await bucket.delete(upload.id);
    await bucket.drop();
  });
});

async function collect(cursor, next) {
  const all = [];
  for (let document = await next(cursor); document !== null; document = await next(cursor))
    all.push(document.n);
  return all;
}

async function iterate(cursor) {
  const all = [];
  for await (const { n } of cursor) all.push(n);
  return all;
}

async function forEach(cursor) {
  const all = [];
  await cursor.forEach(({ n }) => {
    all.push(n);
  });
  return all;
}

async function buffered(cursor) {
  const all = [];
  while (await cursor.hasNext()) {
    const count = cursor.bufferedCount();
    all.push(...numbers(cursor.readBufferedDocuments(3)), ...numbers(cursor.readBufferedDocuments()));
    expect(cursor.bufferedCount()).toBe(0);
    expect(count).toBeGreaterThan(0);
  }
  return all;
}
