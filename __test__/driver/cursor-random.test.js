'use strict';

const fc = require('fast-check');
const { openBoth } = require('../support/both-drivers');

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_121;
const runs = Number(process.env.POLYMONGO_RUNS) || 300;

const COUNT = 25;

let both;
beforeAll(async () => {
  both = await openBoth('cursors');
  for (const { db } of [both.ours, both.official]) {
    await db
      .collection('things')
      .insertMany(Array.from({ length: COUNT }, (_, _id) => ({ _id, n: _id % 4 })));
  }
});
afterAll(() => both.close());

/**
 * The official driver lets a command's cursor fetch without the batch size, and leaves one open that is left early, on the
 * server as well.
 */
const ON_COMMANDS = / of them$|uffered/;

/** A limit of 0 is none, but makes the official driver ask for later batches of odd sizes. */
const limit = fc.integer({ min: -2, max: 9 }).filter((n) => n !== 0);

const made = fc.oneof(
  fc
    .record(
      {
        sort: fc.constant({ _id: -1 }),
        limit,
        skip: fc.nat(5),
        batchSize: fc.nat(9),
        projection: fc.constant({ n: 1 }),
      },
      { requiredKeys: ['sort'] },
    )
    .map((options) => ({
      kind: 'find',
      options,
      make: ({ collection }) => collection.find({}, options),
    })),
  fc.record({ batchSize: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }).map((options) => ({
    kind: 'aggregate',
    options,
    make: ({ collection }) => collection.aggregate([{ $sort: { _id: 1 } }], options),
  })),
  fc.integer({ min: 1, max: 9 }).map((batchSize) => ({
    kind: 'command',
    options: { batchSize },
    make: ({ db }) => db.runCursorCommand({ find: 'things', sort: { _id: 1 }, batchSize }),
  })),
);

/** `[what, (cursor) => …]`: what one may do with any cursor. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant(['next', (c) => c.next()]) },
  { weight: 2, arbitrary: fc.constant(['hasNext', (c) => c.hasNext()]) },
  { weight: 2, arbitrary: fc.constant(['tryNext', (c) => c.tryNext()]) },
  { weight: 1, arbitrary: fc.constant(['toArray', (c) => c.toArray()]) },
  { weight: 2, arbitrary: fc.constant(['bufferedCount', (c) => c.bufferedCount()]) },
  {
    weight: 2,
    arbitrary: fc.nat(5).map((n) => [`readBufferedDocuments(${n})`, (c) => c.readBufferedDocuments(n)]),
  },
  { weight: 1, arbitrary: fc.constant(['readBufferedDocuments()', (c) => c.readBufferedDocuments()]) },
  { weight: 2, arbitrary: fc.constant(['rewind', (c) => c.rewind()]) },
  { weight: 1, arbitrary: fc.constant(['close', (c) => c.close()]) },
  { weight: 1, arbitrary: fc.constant(['clone', (c) => c.clone().toArray()]) },
  { weight: 1, arbitrary: fc.constant(['map', (c) => void c.map((d) => ({ mapped: d }))]) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 9 }).map((n) => [`batchSize(${n})`, (c) => void c.batchSize(n)]),
  },
  { weight: 1, arbitrary: limit.map((n) => [`limit(${n})`, (c) => void c.limit(n)]) },
  { weight: 1, arbitrary: fc.nat(4).map((n) => [`skip(${n})`, (c) => void c.skip(n)]) },
  { weight: 1, arbitrary: fc.constant(['sort', (c) => void c.sort({ n: 1, _id: 1 })]) },
  { weight: 1, arbitrary: fc.constant(['project', (c) => void c.project({ n: 1, _id: 0 })]) },
  { weight: 1, arbitrary: fc.constant(['maxTimeMS', (c) => void c.maxTimeMS(5000)]) },
  { weight: 1, arbitrary: fc.nat(6).map((n) => [`for await, ${n} of them`, (c) => iterated(c, n)]) },
  { weight: 1, arbitrary: fc.nat(6).map((n) => [`forEach, ${n} of them`, (c) => forEach(c, n)]) },
  { weight: 1, arbitrary: fc.nat(6).map((n) => [`stream, ${n} of them`, (c) => iterated(c.stream(), n)]) },
);

async function iterated(cursor, most) {
  const seen = [];
  for await (const document of cursor) {
    seen.push(document);
    if (seen.length > most) break;
  }
  return seen;
}

async function forEach(cursor, most) {
  const seen = [];
  const take = (document) => seen.push(document) <= most;
  await cursor.forEach(take);
  return seen;
}

/** What each step came to, and what the cursor says of itself afterwards. */
async function follow(side, make, steps) {
  const cursor = make(side);
  const seen = [];
  for (const [what, act] of steps) {
    let came;
    try {
      came = await act(cursor);
    } catch (error) {
      came = `${error.name}: ${error.message}`;
    }
    // One that is over is closed or killed, as the last batch has it.
    seen.push([what, came, cursor.killed || cursor.closed]);
    // A stream that was left may still be reading.
    if (what.startsWith('stream')) break;
  }
  await cursor.close();
  return seen;
}

test(`${runs} cursors, used in any order, come to the same on both drivers (POLYMONGO_SEED=${seed})`, async () => {
  const generated = fc
    .tuple(made, fc.array(step, { minLength: 1, maxLength: 9 }))
    .map(([cursor, steps]) =>
      cursor.kind === 'command'
        ? [cursor, steps.filter(([what]) => !ON_COMMANDS.test(what))]
        : [cursor, steps],
    );
  const cases = fc.sample(generated, { seed, numRuns: runs });
  for (const [index, [{ kind, options, make }, steps]] of cases.entries()) {
    try {
      await both.same((side) => follow(side, make, steps));
    } catch (error) {
      error.message = `Cursor ${index}, ${kind} ${JSON.stringify(options)}: ${steps.map(([what]) => what).join(', ')}\n${error.message}`;
      throw error;
    }
  }
}, 120_000);

test('no cursor is left on the server', async () => {
  const { cursor } = (await both.ours.db.admin().serverStatus()).metrics;
  expect(cursor.open.noTimeout).toBeDefined();
  for (let i = 0; i < 100; i++) {
    const open = await both.ours.db.admin().command({
      aggregate: 1,
      pipeline: [
        { $currentOp: { idleCursors: true, localOps: true } },
        { $match: { type: 'idleCursor', ns: `${both.ours.db.databaseName}.things` } },
      ],
      cursor: {},
    });
    if (open.cursor.firstBatch.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('cursors are left');
});
