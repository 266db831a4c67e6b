'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { mongo, openBoth, uri } = require('../support/both-drivers');
const { sendBytes } = require('../support/wire');

const { BSON } = mongo;
const COUNT = 9;

let both;
beforeAll(async () => {
  both = await openBoth('cursor_state');
  for (const { collection } of [both.ours, both.official]) {
    await collection.insertMany(Array.from({ length: COUNT }, (_, n) => ({ _id: n, n })));
  }
});
afterAll(() => both.close());

/** What a cursor shows of itself; ids differ from cursor to cursor. */
function state(cursor) {
  const { id, closed, killed } = cursor;
  return {
    id: id === undefined ? undefined : [id._bsontype, id.isZero(), id === cursor.id],
    closed,
    killed,
    buffered: cursor.bufferedCount(),
  };
}

async function states(cursor, ...steps) {
  const seen = [state(cursor)];
  for (const step of steps) {
    await step(cursor);
    seen.push(state(cursor));
  }
  await cursor.close();
  seen.push(state(cursor));
  return seen;
}

const next = (cursor) => cursor.next();
const all = (cursor) => cursor.toArray();

describe('what a cursor shows of itself', () => {
  test.each([
    ['before anything', (c) => states(c.find())],
    ['read to its end', (c) => states(c.find({}, { batchSize: 4 }), next, all)],
    ['in one batch', (c) => states(c.find(), next, next, all)],
    ['of nothing', (c) => states(c.find({ n: -1 }), next)],
    ['closed half-way', (c) => states(c.find({}, { batchSize: 4 }), next, (cursor) => cursor.close())],
    ['closed before it began', (c) => states(c.find(), (cursor) => cursor.close())],
    [
      'read from its buffer',
      (c) => states(c.find({}, { batchSize: 4 }), next, (cursor) => cursor.readBufferedDocuments(2)),
    ],
    ['after a failure', (c) => states(c.find({ $nonsense: 1 }), (cursor) => cursor.next().catch(() => {}))],
    ['rewound', (c) => states(c.find({}, { batchSize: 4 }), next, (cursor) => cursor.rewind(), next)],
    ['rewound after its end', (c) => states(c.find(), all, (cursor) => cursor.rewind(), next)],
    ['with a limit', (c) => states(c.find({}, { batchSize: 2, limit: 3 }), next, next, next)],
    ['of an aggregation', (c) => states(c.aggregate([], { cursor: { batchSize: 4 } }), next, all)],
    ['of indexes', (c) => states(c.listIndexes(), next, all)],
    ['cloned', (c) => states(c.find({}, { batchSize: 4 }).clone(), next)],
  ])('%s', async (_name, run) => {
    const { value } = await both.same(({ collection }) => run(collection));
    expect(value.length).toBeGreaterThan(1);
  });

  test('the id is the one the server has', async () => {
    const { client, db, collection } = both.ours;
    await client.withSession(async (session) => {
      const cursor = collection.find({}, { batchSize: 2, session });
      await cursor.next();
      const more = { getMore: cursor.id, collection: 'things', batchSize: 1 };
      const reply = await db.command(more, { session });
      expect(reply.cursor.nextBatch).toEqual([{ _id: 2, n: 2 }]);
      await cursor.close();
    });
  });

  test('closing emits once, as often as it is asked for', async () => {
    await both.same(async ({ collection }) => {
      let closed = 0;
      const cursor = collection.find({}, { batchSize: 2 });
      cursor.on('close', () => {
        closed += 1;
      });
      await cursor.next();
      await cursor.close();
      await cursor.close();
      return closed;
    });
  });
});

describe('flags and preferences', () => {
  // `partial` is for sharded clusters; the official driver loses it.
  test.each(['tailable', 'oplogReplay', 'noCursorTimeout', 'awaitData', 'exhaust'])(
    'flag %s',
    async (flag) => {
      await both.sameCommands(async ({ collection }) => {
        const cursor = collection.find({ n: 1 }).addCursorFlag(flag, true);
        await cursor.next().catch(() => {});
        await cursor.close();
      });
    },
  );

  test('read preference and concern', async () => {
    await both.sameCommands(({ collection }) =>
      collection
        .find({ n: 1 })
        .withReadPreference('primaryPreferred')
        .withReadConcern({ level: 'majority' })
        .toArray(),
    );
    await both.same(async ({ collection }) => collection.find().withReadPreference(5));
  });

  test('maxAwaitTimeMS goes with the later batches of a tailable cursor', async () => {
    for (const { db } of [both.ours, both.official]) {
      await db.createCollection('capped', { capped: true, size: 4096 });
      await db.collection('capped').insertOne({ _id: 1 });
    }
    await both.sameCommands(async ({ db }) => {
      const cursor = db
        .collection('capped')
        .find({}, { tailable: true, awaitData: true, batchSize: 1, maxAwaitTimeMS: 50 });
      const seen = [await cursor.next(), await cursor.tryNext(), cursor.closed, cursor.id.isZero()];
      await cursor.close();
      return seen;
    });
  });
});

describe('the cursor of a command', () => {
  test.each([
    ['as it is', (db) => db.runCursorCommand({ find: 'things', batchSize: 2, comment: 'first' })],
    ['with a size', (db) => db.runCursorCommand({ find: 'things', batchSize: 2 }).setBatchSize(3)],
    [
      'with a size from its options',
      (db) => db.runCursorCommand({ find: 'things', batchSize: 2 }, { batchSize: 4 }),
    ],
    [
      'with a comment of any type',
      (db) =>
        db
          .runCursorCommand({ find: 'things', batchSize: 2, comment: 'first' })
          .setComment({ a: mongo.Long.fromNumber(5), when: new Date(0) }),
    ],
    [
      'of an aggregation',
      (db) =>
        db
          .runCursorCommand({ aggregate: 'things', pipeline: [], cursor: { batchSize: 2 } })
          .setBatchSize(1)
          .setComment('later'),
    ],
    [
      'with a time that the server refuses',
      (db) => db.runCursorCommand({ find: 'things', batchSize: 2 }).setMaxTimeMS(50),
    ],
  ])('%s: the command is left alone, later batches follow the setters', async (_name, open) => {
    const commands = await both.sameCommands(({ db }) => open(db).toArray());
    expect(commands.length).toBeGreaterThan(1);
  });
});

describe('a document that cannot be read', () => {
  const BAD = 4;
  // Monitoring decodes every reply, and with the official driver its failure is the command's.
  let unwatched;

  /** A text that is no UTF-8, which neither driver would write. */
  beforeAll(async () => {
    unwatched = await openBoth('cursor_broken', { monitorCommands: false });
    for (const { db } of [unwatched.ours, unwatched.official]) {
      const documents = Array.from({ length: COUNT }, (_, n) => ({
        _id: n,
        text: n === BAD ? 'QQ' : 'fine',
      }));
      const bytes = Buffer.from(BSON.serialize({ insert: 'broken', documents, $db: db.databaseName }));
      bytes.set([0xff, 0xfe], bytes.indexOf('QQ'));
      expect(BSON.deserialize(await sendBytes(uri, bytes)).n).toBe(COUNT);
    }
  });
  afterAll(() => unwatched.close());

  const broken = ({ db }, options) => db.collection('broken').find({}, { sort: { _id: 1 }, ...options });

  async function readOn(cursor) {
    const seen = [];
    for (let i = 0; i <= COUNT; i++) {
      try {
        seen.push((await cursor.next())?._id ?? null);
      } catch (error) {
        seen.push(error.name);
      }
    }
    await cursor.close();
    return seen;
  }

  async function iterate(cursor) {
    const seen = [];
    try {
      for await (const { _id } of cursor) seen.push(_id);
    } catch (error) {
      seen.push(error.name, error.message);
    }
    return [seen, cursor.closed, cursor.killed];
  }

  describe.each([
    ['in one batch', {}],
    ['over several', { batchSize: 3 }],
    ['with BSON options', { batchSize: 3, promoteLongs: false }],
  ])('%s', (_name, options) => {
    test('is passed by whoever asks for one at a time', async () => {
      const { value } = await unwatched.same((side) => readOn(broken(side, options)));
      expect(value.slice(0, BAD + 2)).toEqual([0, 1, 2, 3, 'BSONError', 5]);
    });

    test('ends an iteration after those before it', async () => {
      const { value } = await unwatched.same((side) => iterate(broken(side, options)));
      expect(value[0].slice(0, BAD)).toEqual([0, 1, 2, 3]);
    });

    test.each([
      ['as fast as it comes', () => {}],
      ['slowly', () => sleep(20)],
    ])('ends a stream that is read %s after those before it', async (_pace, pause) => {
      const { value } = await unwatched.same(async (side) => {
        const seen = [];
        try {
          for await (const { _id } of broken(side, options).stream()) {
            seen.push(_id);
            await pause();
          }
        } catch (error) {
          seen.push(error.name, error.message);
        }
        return seen;
      });
      expect(value.slice(0, BAD + 1)).toEqual([0, 1, 2, 3, 'BSONError']);
    });

    test.each([
      ['toArray', (cursor) => cursor.toArray()],
      ['forEach', (cursor) => cursor.forEach(() => {})],
    ])('fails %s and leaves no cursor open', async (_method, read) => {
      const { error } = await unwatched.same(async (side) => {
        const cursor = broken(side, options);
        try {
          return await read(cursor);
        } finally {
          side.closed = [cursor.closed, cursor.killed];
        }
      });
      expect(error.name).toBe('BSONError');
      expect(unwatched.ours.closed).toEqual(unwatched.official.closed);
      expect(unwatched.engine.stats().openCursors).toBe(0);
    });
  });

  test('is no trouble for those who do not check', async () => {
    await unwatched.same((side) => broken(side, { enableUtf8Validation: false, batchSize: 3 }).toArray());
  });

  test('fails a findOne that finds it', async () => {
    await unwatched.same(({ db }) => db.collection('broken').findOne({ _id: BAD }));
    await unwatched.same(({ db }) => db.collection('broken').findOne({ _id: 1 }));
  });
});
