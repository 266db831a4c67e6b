'use strict';

const { mongo, openBoth } = require('../support/both-drivers');

const { BSON } = mongo;

/** One value of each type that an option changes, and more than a batch of documents. */
const documents = () =>
  [1, 2, 3].map((_id) => ({
    _id,
    id: new BSON.ObjectId('0123456789abcdef01234567'),
    int: 5,
    double: new BSON.Double(5),
    fraction: 1.5,
    long: BSON.Long.fromBigInt(2n ** 40n),
    largest: BSON.Long.fromBigInt(2n ** 63n - 1n),
    bytes: new BSON.Binary(Buffer.from('bytes')),
    uuid: new BSON.UUID('0123456789abcdef0123456789abcdef'),
    pattern: /a|b/im,
    expression: new BSON.BSONRegExp('x', 'ix'),
    date: new Date(1e12),
    decimal: BSON.Decimal128.fromString('1.50'),
    stamp: new BSON.Timestamp({ t: 1, i: 2 }),
    code: new BSON.Code('return 1', { a: 1 }),
    symbol: new BSON.BSONSymbol('s'),
    ref: new BSON.DBRef('c', new BSON.ObjectId('0123456789abcdef01234567')),
    nothing: null,
    deep: { list: [1, BSON.Long.fromNumber(2), { bytes: new BSON.Binary(Buffer.from('b')) }] },
    list: [1, 2],
  }));

const READING = [
  ['nothing', {}],
  ['promoteValues: false', { promoteValues: false }],
  ['promoteLongs: false', { promoteLongs: false }],
  ['promoteBuffers', { promoteBuffers: true }],
  ['useBigInt64', { useBigInt64: true }],
  ['bsonRegExp', { bsonRegExp: true }],
  ['raw', { raw: true }],
  ['fieldsAsRaw', { fieldsAsRaw: { deep: true, list: true } }],
  ['enableUtf8Validation: false', { enableUtf8Validation: false }],
  ['enableUtf8Validation: true', { enableUtf8Validation: true }],
  ['several', { promoteLongs: false, promoteBuffers: true, bsonRegExp: true }],
  [
    'the defaults, said aloud',
    { promoteValues: true, promoteLongs: true, promoteBuffers: false, raw: false, useBigInt64: false },
  ],
  ['nulls', { promoteValues: null, promoteLongs: null, raw: null, fieldsAsRaw: null }],
  ['what is no boolean', { promoteLongs: 0, promoteBuffers: 'yes', useBigInt64: 0 }],
];

const sort = { _id: 1 };

/** `[what, ({db, collection}, options) => …]` */
const READS = [
  ['find', ({ collection: c }, options) => c.find({}, { sort, batchSize: 2, ...options }).toArray()],
  ['next', ({ collection: c }, options) => c.find({}, { sort, batchSize: 2, ...options }).next()],
  ['findOne', ({ collection: c }, options) => c.findOne({ _id: 2 }, options)],
  [
    'aggregate',
    ({ collection: c }, options) => c.aggregate([{ $sort: sort }], { batchSize: 2, ...options }).toArray(),
  ],
  [
    'aggregate of a database',
    ({ db }, options) => db.aggregate([{ $documents: [{ n: BSON.Long.fromNumber(3) }] }], options).toArray(),
  ],
  ['a stream', ({ collection: c }, options) => gathered(c.find({}, { sort, ...options }).stream())],
  ['distinct', ({ collection: c }, options) => c.distinct('long', {}, options)],
  ['countDocuments', ({ collection: c }, options) => c.countDocuments({}, options)],
  ['estimatedDocumentCount', ({ collection: c }, options) => c.estimatedDocumentCount(options)],
  [
    'findOneAndUpdate',
    ({ collection: c }, options) => c.findOneAndUpdate({ _id: 1 }, { $set: { x: 1 } }, options),
  ],
  [
    'findOneAndReplace',
    ({ collection: c }, options) => c.findOneAndReplace({ _id: 1 }, documents()[0], options),
  ],
  [
    'findOneAndUpdate with everything about it',
    ({ collection: c }, options) =>
      c.findOneAndUpdate({ _id: 1 }, { $set: { x: 1 } }, { includeResultMetadata: true, ...options }),
  ],
  ['updateOne', ({ collection: c }, options) => c.updateOne({ _id: 1 }, { $inc: { n: 1 } }, options)],
  [
    'insertMany and deleteMany',
    async ({ collection: c }, options) => [
      await c.insertMany([{ _id: 9 }, { _id: 8 }], options),
      await c.deleteMany({ _id: { $gt: 7 } }, options),
    ],
  ],
  [
    'bulkWrite',
    ({ collection: c }, options) =>
      c.bulkWrite(
        [
          { updateOne: { filter: { _id: 'u' }, update: { $set: { a: 1 } }, upsert: true } },
          { deleteOne: { filter: { _id: 'u' } } },
        ],
        options,
      ),
  ],
  ['a write that fails', ({ collection: c }, options) => c.insertOne({ _id: 1 }, options)],
  [
    'a bulk that fails',
    ({ collection: c }, options) =>
      c.insertMany([{ _id: 7 }, { _id: 1 }], options).finally(() => c.deleteOne({ _id: 7 })),
  ],
  ['command', ({ db }, options) => db.command({ find: 'things', sort, batchSize: 2, limit: 2 }, options)],
  ['a command that fails', ({ db }, options) => db.command({ nope: 1 }, options)],
  [
    'runCursorCommand',
    ({ db }, options) => db.runCursorCommand({ find: 'things', sort, batchSize: 2 }, options).toArray(),
  ],
  ['listIndexes', ({ collection: c }, options) => c.listIndexes(options).toArray()],
  [
    'explain',
    ({ collection: c }, options) =>
      c
        .find({}, options)
        .explain('queryPlanner')
        .then((plan) => typeof plan),
  ],
];

async function gathered(stream) {
  const all = [];
  for await (const document of stream) all.push(document);
  return all;
}

let both;
beforeAll(async () => {
  both = await openBoth('bson');
  for (const { collection } of [both.ours, both.official]) await collection.insertMany(documents());
});
afterAll(() => both.close());

/** What the other one does not do, and ours does: docs/decisions/0003-inputs.md. */
const DELIBERATE = [
  { level: 'operation', name: 'promoteValues: false', what: 'a command that fails' },
  { level: 'operation', name: 'raw', what: 'command' },
  { name: 'raw', what: 'a bulk that fails' },
  { level: 'database', name: 'fieldsAsRaw' },
];

/** Which differ, and how. */
async function differences(level, name, run) {
  const different = [];
  for (const [what, read] of READS) {
    const [mine, theirs] = await both.outcomes((side) => run(read, side));
    // After a failure theirs lists what was not inserted as well.
    for (const { error } of [mine, theirs]) delete error?.result?.insertedIds;
    const known = DELIBERATE.some(
      (each) => (each.level ?? level) === level && each.name === name && (each.what ?? what) === what,
    );
    if (known) continue;
    try {
      expect(mine).toEqual(theirs);
    } catch (error) {
      different.push(`${what}: ${error.message}`);
    }
  }
  return different;
}

describe.each(READING)('%s', (name, options) => {
  test('said by the operation', async () => {
    expect(await differences('operation', name, (read, side) => read(side, options))).toEqual([]);
  });

  test.each([
    ['collection', ({ db }) => ({ db, collection: db.collection('things', options) })],
    [
      'database',
      ({ client, db: { databaseName } }) => {
        const db = client.db(databaseName, options);
        return { db, collection: db.collection('things') };
      },
    ],
  ])('said by the %s, and taken back by the operation', async (level, at) => {
    expect(await differences(level, name, (read, side) => read(at(side)))).toEqual([]);
    const back = { promoteValues: true, promoteLongs: true, useBigInt64: false, raw: false };
    expect(await differences(level, name, (read, side) => read(at(side), back))).toEqual([]);
  });
});

test('Longs as two things at once are refused before anything is written', async () => {
  const { client, collection, db } = both.ours;
  for (const options of [
    { useBigInt64: true, promoteLongs: false },
    { useBigInt64: true, promoteValues: false },
  ]) {
    await expect(collection.insertOne({ _id: 'both' }, options)).rejects.toThrow(BSON.BSONError);
    expect(() => db.collection('things', options)).toThrow('either request bigint or Long');
    expect(() => client.db('other', options)).toThrow('either request bigint or Long');
  }
  expect(await collection.findOne({ _id: 'both' })).toBe(null);
});

describe('what is written', () => {
  const odd = () => ({
    f: () => 1,
    u: undefined,
    l: [undefined, () => 2],
    'a.b': 1,
    $d: 2,
    deep: { u: undefined, 'x.y': 1 },
  });

  test.each([
    ['nothing', {}],
    ['ignoreUndefined', { ignoreUndefined: true }],
    ['serializeFunctions', { serializeFunctions: true }],
    ['checkKeys', { checkKeys: true }],
    ['checkKeys: false', { checkKeys: false }],
    ['all of them', { ignoreUndefined: true, serializeFunctions: true, checkKeys: true }],
  ])('%s', async (name, options) => {
    const writes = [
      (c, o) => c.insertOne({ _id: `one ${name}`, ...odd() }, o),
      (c, o) => c.insertOne({ _id: `plain ${name}`, a: 1 }, o),
      (c, o) => c.insertMany([{ _id: `many ${name}`, ...odd() }], o),
      (c, o) => c.bulkWrite([{ insertOne: { document: { _id: `bulk ${name}`, ...odd() } } }], o),
      (c, o) => c.bulkWrite([{ updateOne: { filter: { _id: 1 }, update: { $set: { b: odd() } } } }], o),
      (c, o) => c.updateOne({ _id: 1 }, { $set: { o: odd() } }, o),
      (c, o) => c.updateOne({ _id: 1 }, { $set: undefined }, o),
      (c, o) => c.updateOne({ _id: 1, u: undefined }, { $set: { a: 1 } }, o),
      (c, o) => c.replaceOne({ _id: 2 }, odd(), o),
      (c, o) => c.replaceOne({ _id: 3 }, { u: undefined, n: 1 }, o),
      (c, o) => c.findOneAndUpdate({ _id: 1 }, { $set: { p: odd() } }, { ...o, returnDocument: 'after' }),
      (c, o) => c.findOneAndReplace({ _id: 3 }, { u: undefined, m: 1 }, o),
      (c, o) => c.find({ u: undefined }, { ...o, sort }).toArray(),
      (c, o) => c.deleteMany({ _id: 'x', u: undefined }, o),
      (c, o) => c.aggregate([{ $match: { u: undefined } }, { $sort: sort }], o).toArray(),
    ];
    for (const at of [
      (run) => (side) => run(side.collection, options),
      (run) => (side) => run(side.db.collection('things', options)),
    ]) {
      for (const run of writes) {
        const [mine, theirs] = await both.outcomes(at(run));
        // The driver of Mongoose 8 wraps what the library refuses in a bulk.
        if (mine.error?.name === 'BSONError') expect(mine.error.message).toBe(theirs.error?.message);
        else expect(mine).toEqual(theirs);
      }
      await both.same(({ collection }) => collection.find({}, { sort }).toArray());
      await both.same(({ collection }) => collection.deleteMany({ _id: { $type: 'string' } }));
    }
  });
});

test('change streams read as they are told', async () => {
  await both.same(async ({ collection }) => {
    const streams = [{}, { promoteLongs: false }, { promoteBuffers: true }, { useBigInt64: true }].map(
      (options) => collection.watch([{ $project: { fullDocument: 1 } }], options),
    );
    const seen = streams.map((stream) => stream.next());
    await new Promise((resolve) => setTimeout(resolve, 500));
    await collection.insertOne({ ...documents()[0], _id: 'watched' });
    const changes = await Promise.all(seen);
    for (const stream of streams) await stream.close();
    await collection.deleteOne({ _id: 'watched' });
    return changes.map(({ fullDocument }) => fullDocument);
  });
});
