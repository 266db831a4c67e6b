'use strict';

const { isDeepStrictEqual } = require('node:util');
const { mongo, openBoth } = require('../support/both-drivers');
const { oddValues, owning } = require('./support/odd-values');

const ON_MONGOOSE_8 = process.env.POLYMONGO_MONGOOSE === '8';
const foreign = require(ON_MONGOOSE_8 ? 'mongoose' : 'mongoose8').mongo;
const VALUES = oddValues(mongo.BSON, foreign.BSON);

let both;
beforeAll(async () => {
  both = await openBoth('bad');
});
afterAll(() => both.close());

const drained = (stream, content) =>
  new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(content);
  });

/** `[what, (side, value, its name) => …]` */
const ENTRIES = [
  ['a field of insertOne', ({ collection: c }, v, _id) => c.insertOne({ _id, v })],
  ['the _id of insertOne', ({ collection: c }, v, n) => c.insertOne({ _id: v, n: `id ${n}` })],
  ['insertOne', ({ whole: c }, v) => c.insertOne(v)],
  [
    'a field of insertMany',
    ({ collection: c }, v, _id) => c.insertMany([{ _id: `many ${_id}`, v }, { _id: `two ${_id}` }]),
  ],
  ['a document of insertMany', ({ whole: c }, v) => c.insertMany([v])],
  ['the filter of find', ({ collection: c }, v) => c.find(v, { sort: { _id: 1 }, limit: 3 }).toArray()],
  // Ids that a driver gave and ids that the server gave have no order within a second.
  ['a field of a filter', ({ collection: c }, v) => c.find({ v }, { sort: { n: 1, _id: 1 } }).toArray()],
  ['an operand of a filter', ({ collection: c }, v) => c.findOne({ v: { $in: [v] } })],
  ['the projection of find', ({ collection: c }, v) => c.findOne({ _id: 'a string' }, { projection: v })],
  ['the sort of find', ({ collection: c }, v) => c.find({ _id: 'a string' }, { sort: v }).toArray()],
  ['the filter of updateOne', ({ collection: c }, v) => c.updateOne(v, { $set: { a: 1 } })],
  ['the update of updateOne', ({ collection: c }, v) => c.updateOne({ _id: 'u' }, v)],
  [
    'an operand of updateOne',
    ({ collection: c }, v, _id) => c.updateOne({ _id }, { $set: { v } }, { upsert: true }),
  ],
  ['an operand of updateMany', ({ collection: c }, v, _id) => c.updateMany({ _id }, { $push: { v } })],
  [
    'a stage of an update',
    ({ collection: c }, v, _id) => c.updateOne({ _id }, [{ $set: { w: { $literal: v } } }]),
  ],
  ['the replacement of replaceOne', ({ collection: c }, v) => c.replaceOne({ _id: 'r' }, v)],
  ['a field of replaceOne', ({ collection: c }, v, _id) => c.replaceOne({ _id }, { r: v })],
  ['the filter of deleteOne', ({ collection: c }, v) => c.deleteOne(v === undefined ? { _id: 'x' } : v)],
  ['a field of deleteMany', ({ collection: c }, v) => c.deleteMany({ nowhere: { $eq: v } })],
  [
    'findOneAndUpdate',
    ({ collection: c }, v, _id) =>
      c.findOneAndUpdate({ _id }, { $set: { f: v } }, { returnDocument: 'after' }),
  ],
  [
    'findOneAndReplace',
    ({ collection: c }, v, _id) => c.findOneAndReplace({ _id }, { g: v }, { returnDocument: 'after' }),
  ],
  ['findOneAndDelete', ({ collection: c }, v) => c.findOneAndDelete({ _id: v })],
  ['the filter of findOneAndDelete', ({ collection: c }, v) => c.findOneAndDelete(v, { sort: { _id: 1 } })],
  ['distinct', ({ collection: c }, v) => c.distinct('_id', { _id: v })],
  ['the key of distinct', ({ collection: c }, v) => c.distinct(v)],
  ['countDocuments', ({ collection: c }, v) => c.countDocuments({ v })],
  ['a stage of aggregate', ({ collection: c }, v) => c.aggregate([v]).toArray()],
  [
    'an operand of aggregate',
    ({ collection: c }, v) => c.aggregate([{ $match: { v } }, { $sort: { _id: 1 } }]).toArray(),
  ],
  ['a comment', ({ collection: c }, v) => c.findOne({ _id: 'x' }, { comment: v })],
  ['a hint', ({ collection: c }, v) => c.findOne({ _id: 'x' }, { hint: v })],
  [
    'let',
    ({ collection: c }, v) => c.updateOne({ _id: 'x' }, { $set: { a: 1 } }, { let: { v: { $literal: v } } }),
  ],
  ['a collation', ({ collection: c }, v) => c.findOne({ _id: 'x' }, { collation: v })],
  [
    'an array filter',
    ({ collection: c }, v) => c.updateOne({ _id: 'x' }, { $set: { 'a.$[v]': 1 } }, { arrayFilters: [{ v }] }),
  ],
  ['a command', ({ db }, v) => db.command(v)],
  ['a field of a command', ({ db }, v) => db.command({ count: 'nothing', query: { v } })],
  ['an index', ({ collection: c }, v) => c.createIndex(v)],
  [
    'a filter of an index',
    ({ collection: c }, v) => c.createIndex({ p: 1 }, { partialFilterExpression: { v } }),
  ],
  ['a name of a collection', ({ db }, v) => db.collection(v).findOne({})],
  ['a name of a database', ({ client }, v) => client.db(v).collection('c').findOne({})],
  ['bulkWrite', ({ whole: c }, v) => c.bulkWrite([v])],
  [
    'insertOne of bulkWrite',
    ({ collection: c }, v, _id) => c.bulkWrite([{ insertOne: { document: { _id: `b ${_id}`, v } } }]),
  ],
  ['the document of bulkWrite', ({ whole: c }, v) => c.bulkWrite([{ insertOne: { document: v } }])],
  [
    'updateOne of bulkWrite',
    ({ collection: c }, v, _id) =>
      c.bulkWrite([{ updateOne: { filter: { _id }, update: { $set: { b: v } } } }]),
  ],
  [
    'the update of bulkWrite',
    ({ collection: c }, v, _id) => c.bulkWrite([{ updateOne: { filter: { _id: 'x' }, update: v } }]),
  ],
  [
    'updateMany of bulkWrite',
    ({ collection: c }, v) =>
      c.bulkWrite([{ updateMany: { filter: { v: { $eq: v }, _id: 'x' }, update: { $set: { b: 1 } } } }]),
  ],
  [
    'replaceOne of bulkWrite',
    ({ collection: c }, v, _id) => c.bulkWrite([{ replaceOne: { filter: { _id }, replacement: { b: v } } }]),
  ],
  [
    'the filter of bulkWrite',
    ({ collection: c }, v) => c.bulkWrite([{ updateOne: { filter: v, update: { $set: { q: 1 } } } }]),
  ],
  [
    'deleteOne of bulkWrite',
    ({ collection: c }, v) => c.bulkWrite([{ deleteOne: { filter: { nowhere: { $eq: v } } } }]),
  ],
  [
    'the metadata of a GridFS file',
    ({ db }, v, _id) => drained(new mongo.GridFSBucket(db).openUploadStream(_id, { metadata: { v } }), 'abc'),
  ],
];

/** The documents of a collection, byte for byte, but for the ids that the drivers gave. */
async function stored({ collection }) {
  const documents = await collection.find({}, { raw: true, sort: { _id: 1 } }).toArray();
  return documents.filter((bytes) => bytes[4] !== 7).map((bytes) => bytes.toString('hex'));
}

/** Where the two differ on purpose, and why: docs/decisions/0003-inputs.md. What ours does is always an error. */
const REFUSED_HERE = [
  { values: /levels|too deep/, error: /deeper than the 200 levels/ },
  { entries: /insertOne$|document of/, error: /^A document to insert must be a plain object$/ },
  { entries: /document of insertMany/, error: /an array that has null\/undefined values/ },
  { entries: /document of/, values: /^toBSON|_bsontype/, error: /batch sizes|wrong type|BSON version/ },
  { entries: /name of a database/, error: /^Database names must be strings, got a/ },
  { entries: /name of/, values: /surrogate/, error: /names cannot contain half of a surrogate pair/ },
  {
    entries: /^a command$/,
    error: /"command" must be an object|^An invalid argument|BSON (types|documents)/,
  },
  {
    entries: /^a command$/,
    values: /map|toBSON/,
    error: /no such command|circular|null bytes|must be a string/,
  },
  { entries: /^a hint$/, values: /map/, error: /circular|null bytes|must be a string|processing query/ },
  { values: /hole in an array/, error: /requires atomic operators|must be an object/ },
  { entries: /stage of aggregate/, values: /^undefined|null$/, error: /must be an object/ },
  { values: /revoked proxy/, error: /proxy that has been revoked/ },
];

// The driver of Mongoose 8 wraps what its BSON library refuses in a bulk, or overflows the stack before.
if (ON_MONGOOSE_8) {
  REFUSED_HERE.push({
    entries: /insertMany|bulkWrite/,
    error: /circular|null bytes|must be a string|BSON version/,
  });
}

function isDeliberate(entry, value, mine) {
  return REFUSED_HERE.some(
    ({ entries = /./, values = /./, error }) =>
      entries.test(entry) && values.test(value) && error.test(mine.error?.message ?? ''),
  );
}

const ABOUT_OPTIONS = /undefined|function|class|symbol/;

describe.each([
  ['with the default options', {}, VALUES],
  ['with ignoreUndefined', { ignoreUndefined: true }, VALUES.filter(([name]) => ABOUT_OPTIONS.test(name))],
  [
    'with serializeFunctions',
    { serializeFunctions: true },
    VALUES.filter(([name]) => ABOUT_OPTIONS.test(name)),
  ],
])('%s', (_title, options, values) => {
  const collectionsOf = ({ client, db: { databaseName } }) => {
    const db = client.db(databaseName, options);
    return { client, db, collection: db.collection('odd'), whole: db.collection('whole') };
  };

  beforeAll(async () => {
    for (const side of [both.ours, both.official]) await side.db.dropDatabase();
  });

  test.each(ENTRIES)('%s', async (entry, run) => {
    const different = [];
    for (const [name, value] of values) {
      const [mine, theirs] = await both.outcomes((side) => run(collectionsOf(side), value(), name));
      if (isDeepStrictEqual(mine, theirs) || isDeliberate(entry, name, mine)) continue;
      different.push({ name, mine, theirs });
    }
    const [mine, theirs] = await Promise.all(
      [both.ours, both.official].map((side) => stored(collectionsOf(side))),
    );
    expect(different).toEqual([]);
    expect(mine).toEqual(theirs);
    expect({}.isAdmin).toBeUndefined();
  });
});

describe('what is too large', () => {
  const MB = 1024 * 1024;
  const text = (size) => 'x'.repeat(size * MB);

  beforeAll(async () => {
    for (const { collection } of [both.ours, both.official]) {
      await collection.insertMany([{ _id: 1 }, { _id: 'half', text: text(9) }]);
    }
  });

  /** Each sends the text, or 9 MB more for a document that has as much. */
  const LARGE = [
    ['insertOne', (c, t) => c.insertOne({ _id: 'x', t })],
    ['insertMany', (c, t) => c.insertMany([{ _id: 'y' }, { _id: 'z', t }])],
    ['insertOne of bulkWrite', (c, t) => c.bulkWrite([{ insertOne: { document: { t } } }])],
    ['updateOne', (c, t) => c.updateOne({ _id: 1 }, { $set: { t } })],
    [
      'updateOne of bulkWrite',
      (c, t) => c.bulkWrite([{ updateOne: { filter: { _id: 1 }, update: { $set: { t } } } }]),
    ],
    ['replaceOne', (c, t) => c.replaceOne({ _id: 1 }, { t })],
    ['findOneAndUpdate', (c, t) => c.findOneAndUpdate({ _id: 1 }, { $set: { t } })],
    ['the filter of find', (c, t) => c.find({ t }).toArray()],
    ['the filter of deleteMany', (c, t) => c.deleteMany({ t })],
    ['aggregate', (c, t) => c.aggregate([{ $match: { t } }]).toArray()],
    ['distinct', (c, t) => c.distinct('a', { t })],
    ['a command', (c, t) => c.db.command({ ping: 1, comment: t })],
  ];

  test.each(LARGE)('%s', async (_what, run) => {
    for (const size of [17, 20]) {
      const t = text(size);
      const [mine, theirs] = await both.outcomes(({ collection }) => run(collection, t));
      expect(theirs.error).toBeDefined();
      expect(['RangeError', 'MongoInvalidArgumentError']).toContain(mine.error?.name);
      expect(mine.error.message).toMatch(/bytes of BSON, but MongoDB accepts|larger than the maximum size/);
    }
    await both.same(({ collection }) => collection.find({}, { sort: { _id: 1 } }).toArray());
  });

  test('what only together becomes too large is the server’s to refuse', async () => {
    await both.same(({ collection }) => collection.updateOne({ _id: 'half' }, { $set: { more: text(9) } }));
  });

  test('an array of many elements', async () => {
    const many = Array.from({ length: 300_000 }, (_, n) => n);
    await both.same(({ collection }) => collection.insertOne({ _id: 'many', many }));
    await both.same(({ collection }) => collection.findOne({ _id: 'many' }));
  });
});

test('what is changed after the call is stored as it was', async () => {
  const { collection } = both.ours;
  const bytes = Buffer.from('before');
  const typed = new Uint8Array([1, 2, 3]);
  const document = { _id: 'changed', bytes, typed, list: [1] };
  const inserting = collection.insertOne(document);
  bytes.write('after!');
  typed.fill(9);
  document.list.push(2);
  document.later = true;
  await inserting;
  const stored = await collection.findOne({ _id: 'changed' }, { promoteBuffers: true });
  expect(stored).toEqual({
    _id: 'changed',
    bytes: Buffer.from('before'),
    typed: Buffer.from([1, 2, 3]),
    list: [1],
  });
});

test('__proto__ stays a key on every way back', async () => {
  const { db } = both.ours;
  const collection = db.collection('proto');
  const hostile = () =>
    owning(['_id', 1], ['__proto__', { isAdmin: true }], ['a', [owning(['__proto__', 2])]]);
  await collection.insertOne(hostile());
  const found = [
    await collection.findOne(),
    ...(await collection.find().toArray()),
    ...(await collection.find({}, { promoteLongs: false }).toArray()),
    ...(await collection.aggregate([]).toArray()),
    await collection.findOneAndUpdate({ _id: 1 }, { $set: { b: 1 } }, { projection: { b: 0 } }),
    (await db.command({ find: 'proto', projection: { b: 0 } })).cursor.firstBatch[0],
    mongo.BSON.EJSON.parse(
      mongo.BSON.EJSON.stringify(await collection.findOne({}, { projection: { b: 0 } })),
    ),
  ];
  for (const document of found) {
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
    expect(Object.keys(document)).toEqual(['_id', '__proto__', 'a']);
    expect(document.isAdmin).toBeUndefined();
    expect(Object.keys(document.a[0])).toEqual(['__proto__']);
  }
  expect({}.isAdmin).toBeUndefined();
});
