'use strict';

const { mongo, openBoth } = require('../support/both-drivers');

const { ReadConcern, ReadPreference, WriteConcern } = mongo;

/** Commands whose reply ours waits for even if nobody asks for it: what they return is in it. */
const FIND_AND_MODIFY = [
  ({ collection }, options) => collection.findOneAndUpdate({ _id: 1 }, { $set: { b: 1 } }, options),
  ({ collection }, options) => collection.findOneAndReplace({ _id: 1 }, { b: 1 }, options),
  ({ collection }, options) => collection.findOneAndDelete({ _id: 1 }, options),
];

/** Runs on the primary always, whatever is preferred. */
const intoCollection = ({ collection }, options) => {
  const { readPreference, ...rest } = options ?? {};
  return collection
    .aggregate([{ $match: {} }, { $out: 'out' }], { ...rest, readPreference: 'primary' })
    .toArray();
};

/** One document needs no batches and no cursor: what is said about those is not sent. */
const oneDocument = ({ collection }, { batchSize, noCursorTimeout, ...options } = {}) =>
  collection.findOne({}, options);

const WAITS_ALWAYS = new Set([intoCollection, ...FIND_AND_MODIFY]);

/** Every kind of command, given the options of one call. */
const OPERATIONS = [
  ({ collection }, options) => collection.find({}, options).toArray(),
  oneDocument,
  ({ collection }, options) => collection.aggregate([{ $match: {} }], options).toArray(),
  intoCollection,
  ({ collection }, options) => collection.countDocuments({}, options),
  ({ collection }, options) => collection.estimatedDocumentCount(options),
  ({ collection }, options) => collection.distinct('a', {}, options),
  ({ collection }, options) => collection.insertOne({ _id: 1 }, options),
  ({ collection }, options) => collection.insertMany([{ _id: 2 }, { _id: 3 }], options),
  ({ collection }, options) => collection.updateOne({ _id: 1 }, { $set: { a: 1 } }, options),
  ({ collection }, options) => collection.updateMany({ _id: 1 }, { $set: { a: 1 } }, options),
  ({ collection }, options) => collection.replaceOne({ _id: 2 }, { a: 1 }, options),
  ...FIND_AND_MODIFY,
  ({ collection }, options) => collection.bulkWrite([{ deleteOne: { filter: { _id: 2 } } }], options),
  ({ collection }, options) => collection.deleteOne({ _id: 1 }, options),
  ({ collection }, options) => collection.deleteMany({ _id: 2 }, options),
  ({ collection }, options) => collection.createIndex({ a: 1 }, options),
  ({ collection }, options) => collection.listIndexes(options).toArray(),
  ({ collection }, options) => collection.dropIndex('a_1', options),
  ({ db }, options) => db.listCollections({ name: 'things' }, { nameOnly: true, ...options }).toArray(),
  ({ db }, options) => db.aggregate([{ $documents: [{ a: 1 }] }], options).toArray(),
  ({ db }, options) => db.command({ count: 'things' }, options),
  ({ db }, { readConcern, writeConcern, readPreference, maxTimeMS, comment } = {}) =>
    db.createCollection('made', { readConcern, writeConcern, readPreference, maxTimeMS, comment }),
  ({ db }, options) => db.dropCollection('made', options),
  ({ db }, options) => db.stats(options).then(() => {}),
  ({ collection }, options) => collection.drop(options),
];

/** What each came to; failures count as well. */
async function runAll(target, options) {
  const answers = [];
  for (const run of OPERATIONS) {
    if (options?.writeConcern?.w === 0 && WAITS_ALWAYS.has(run)) continue;
    const answer = run(target, options && { ...options });
    answers.push(await answer.catch((error) => `${error.name}: ${error.message}`));
  }
  // Plans and times of the server are its own business.
  return answers.map((answer) => (answer?.ok === 1 ? answer.n : (answer?.collectionName ?? answer)));
}

const CONCERNS = [
  ['a level of reading', { readConcern: { level: 'majority' } }],
  ['a level of reading, as its class', { readConcern: new ReadConcern('local') }],
  ['a level of reading, as text', { readConcern: 'available' }],
  ['a level of reading that does not exist', { readConcern: { level: 'nope' } }],
  ['a write concern', { writeConcern: { w: 1, j: true, wtimeout: 500 } }],
  ['a write concern, in other words', { writeConcern: { w: 'majority', journal: true, wtimeoutMS: 700 } }],
  ['a write concern, as its class', { writeConcern: new WriteConcern(1, 300, false) }],
  ['a write concern that cannot be met', { writeConcern: { w: 'nope' } }],
  ['an unacknowledged one', { writeConcern: { w: 0 } }],
  ['an empty one', { readConcern: {} }],
  ['a mode', { readPreference: 'secondaryPreferred' }],
  ['a mode, as Mongoose has it', { readPreference: { mode: 'nearest', tags: undefined } }],
  ['a mode, as its class', { readPreference: ReadPreference.primaryPreferred }],
  ['the primary', { readPreference: 'primary' }],
  [
    'tags, staleness and hedging',
    {
      readPreference: new ReadPreference('secondaryPreferred', [{ dc: 'east' }, {}], {
        maxStalenessSeconds: 120,
        hedge: { enabled: true },
      }),
    },
  ],
  ['all at once', { readConcern: { level: 'local' }, writeConcern: { w: 1 }, readPreference: 'nearest' }],
];

const GENERAL = [
  ['maxTimeMS', { maxTimeMS: 5000 }],
  ['comment', { comment: { who: 'me' } }],
  ['comment, a text', { comment: 'who' }],
  ['collation', { collation: { locale: 'en', strength: 2 } }],
  ['hint, a name', { hint: '_id_' }],
  ['hint, a key', { hint: { _id: 1 } }],
  ['hint, a list', { hint: ['_id'] }],
  ['let', { let: { a: 1 } }],
  ['batchSize, limit and skip', { batchSize: 3, limit: 2, skip: 1 }],
  ['sort, an object', { sort: { a: 1, _id: -1 } }],
  [
    'sort, a map',
    {
      sort: new Map([
        ['b', 'desc'],
        ['a', 1],
      ]),
    },
  ],
  [
    'sort, pairs',
    {
      sort: [
        ['b', 'asc'],
        ['a', -1],
      ],
    },
  ],
  ['sort, a text', { sort: 'b' }],
  ['sort by score', { sort: { s: { $meta: 'textScore' } } }],
  ['projection', { projection: { a: 1 } }],
  [
    'min, max, returnKey, showRecordId',
    { hint: { _id: 1 }, min: { _id: 0 }, max: { _id: 9 }, returnKey: true, showRecordId: true },
  ],
  [
    'cursor flags',
    {
      noCursorTimeout: true,
      allowDiskUse: true,
      singleBatch: true,
      allowPartialResults: true,
      oplogReplay: false,
    },
  ],
  ['bypassDocumentValidation', { bypassDocumentValidation: true }],
  ['upsert, arrayFilters, ordered', { upsert: false, arrayFilters: [{ 'e.a': 1 }], ordered: false }],
  ['returnDocument', { returnDocument: 'after', includeResultMetadata: true }],
  ['index options', { name: 'a_1', unique: true, sparse: true, expireAfterSeconds: 5, commitQuorum: 1 }],
  [
    'null all over',
    {
      readConcern: null,
      writeConcern: null,
      readPreference: null,
      session: null,
      maxTimeMS: null,
      hint: null,
      sort: null,
      collation: null,
      projection: null,
      batchSize: null,
      explain: null,
      signal: null,
    },
  ],
  [
    'undefined all over',
    {
      readConcern: undefined,
      writeConcern: undefined,
      readPreference: undefined,
      maxTimeMS: undefined,
      hint: undefined,
      comment: undefined,
      let: undefined,
    },
  ],
  [
    'what Mongoose leaves',
    {
      lean: true,
      populate: ['x'],
      new: true,
      rawResult: true,
      strict: false,
      timestamps: true,
      model() {},
      overwrite: true,
      multi: true,
      _populateBatchSize: 3,
      middleware: false,
      w_: 1,
    },
  ],
];

describe('given to the operation', () => {
  let both;
  beforeAll(async () => {
    both = await openBoth('concerns');
  });
  afterAll(() => both.close());

  test.each([...CONCERNS, ...GENERAL])('%s', async (_name, options) => {
    await both.sameCommands((side) => runAll(side, options), { preferences: true });
  });
});

describe.each([
  ['collection', ({ db }, options) => ({ db, collection: db.collection('things', options) })],
  [
    'database',
    ({ client, db: { databaseName } }, options) => {
      const db = client.db(databaseName, options);
      return { db, collection: db.collection('things') };
    },
  ],
  [
    'database, and to the collection',
    ({ client, db: { databaseName } }, options) => {
      const db = client.db(databaseName, {
        readConcern: { level: 'available' },
        writeConcern: { w: 1, j: true },
        readPreference: 'nearest',
      });
      return { db, collection: db.collection('things', options) };
    },
  ],
])('given to the %s', (_level, at) => {
  let both;
  beforeAll(async () => {
    both = await openBoth('concerns');
  });
  afterAll(() => both.close());

  test.each(CONCERNS.filter(([name]) => name !== 'an unacknowledged one'))('%s', async (_name, options) => {
    await both.sameCommands((side) => runAll(at(side, options)), { preferences: true });
  });
});

describe.each([
  ['a level of reading', { readConcern: { level: 'majority' } }],
  ['a write concern', { writeConcern: { w: 1, wtimeoutMS: 700, journal: true } }],
  ['tags', { readPreference: new ReadPreference('nearest', [{ dc: 'east' }, {}]) }],
  ['all at once', { readConcern: { level: 'local' }, writeConcern: { w: 1 }, readPreference: 'nearest' }],
])('given to the client: %s', (_name, options) => {
  test('and perhaps to the operation', async () => {
    const both = await openBoth('concerns', options);
    const others = {
      readConcern: { level: 'available' },
      writeConcern: { w: 'majority' },
      readPreference: 'primary',
    };
    try {
      await both.sameCommands((side) => runAll(side), { preferences: true });
      await both.sameCommands((side) => runAll(side, others), { preferences: true });
    } finally {
      await both.close();
    }
  });
});

test('a limit that is given to deleteMany counts, as in the official driver', async () => {
  const both = await openBoth('concerns');
  await both.same(({ collection }) => collection.insertMany([{ _id: 1 }, { _id: 2 }]));
  for (const limit of [1, 0, 2]) {
    await both.sameCommands(({ collection }) => collection.deleteMany({}, { limit }));
    await both.same(({ collection }) => collection.countDocuments());
  }
  await both.close();
});
