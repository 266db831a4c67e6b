'use strict';

const { mongo, openBoth } = require('../support/both-drivers');

let both;
beforeAll(async () => {
  both = await openBoth('bulk');
});
afterAll(() => both.close());
beforeEach(async () => {
  for (const { collection } of [both.ours, both.official]) {
    await collection.deleteMany({});
    await collection.insertMany([1, 2, 3].map((n) => ({ _id: n, n })));
  }
});

const insert = (document) => ({ insertOne: { document } });
const update = (filter, change, more) => ({ updateOne: { filter, update: change, ...more } });

describe('bulkWrite', () => {
  test.each([
    [
      'one of each kind',
      [
        insert({ _id: 4, n: 4 }),
        update({ n: 1 }, { $set: { x: 1 } }),
        { updateMany: { filter: {}, update: { $inc: { n: 10 } } } },
        { replaceOne: { filter: { _id: 2 }, replacement: { n: 'two' } } },
        { deleteOne: { filter: { _id: 3 } } },
        update({ _id: 'new' }, { $set: { n: 0 } }, { upsert: true }),
        { deleteMany: { filter: { n: { $gt: 10 } } } },
      ],
      {},
    ],
    ['an insert without `document`', [{ insertOne: { _id: 7 } }], {}],
    ['a failure in the middle, ordered', [insert({ _id: 4 }), insert({ _id: 1 }), insert({ _id: 5 })], {}],
    [
      'a failure in the middle, unordered',
      [insert({ _id: 4 }), insert({ _id: 1 }), insert({ _id: 5 })],
      { ordered: false },
    ],
    ['an update that fails', [update({ _id: 1 }, { $set: { _id: 9 } }), insert({ _id: 5 })], {}],
    [
      'an update of many kinds',
      [update({ _id: 1 }, [{ $set: { a: 1 } }], { hint: '_id_' })],
      { comment: 'c', let: { a: 1 } },
    ],
    ['nothing', [], {}],
    ['no array', {}, {}],
    ['an unknown kind', [{ nope: {} }], {}],
    ['a hole', [null], {}],
    ['a raw statement', [{ updateOne: { q: {}, u: {} } }], {}],
    ['an update without operators', [update({}, { n: 1 })], {}],
    ['a replacement with operators', [{ replaceOne: { filter: {}, replacement: { $set: { n: 1 } } } }], {}],
    ['a write concern that fails', [insert({ _id: 8 })], { writeConcern: { w: 5, wtimeout: 1 } }],
    ['what the server refuses as a whole', [update({ _id: 1 }, { $set: { n: 1 } })], { let: { $bad: 1 } }],
  ])('%s', async (_name, operations, options) => {
    await both.same(({ collection }) => collection.bulkWrite(structuredClone(operations), options));
    await both.same(({ collection }) => collection.find({}, { sort: { _id: 1 } }).toArray());
  });

  test.each([[null], [undefined], ['text'], [5]])('a statement that is %p', async (statement) => {
    for (const kind of ['updateOne', 'updateMany', 'replaceOne', 'deleteOne', 'deleteMany']) {
      await expect(both.ours.collection.bulkWrite([{ [kind]: statement }])).rejects.toMatchObject({
        name: 'MongoInvalidArgumentError',
        message: 'A statement of a bulk write must be an object',
      });
    }
  });

  test('the result is of the class that Mongoose uses, and speaks', async () => {
    await both.same(async ({ collection }) => {
      const result = await collection.bulkWrite([insert({ _id: 9 })]);
      return [
        result.constructor.name,
        result.ok,
        result.isOk(),
        result.hasWriteErrors(),
        result.getRawResponse().nInserted,
      ];
    });
  });

  test('indexes are those of the caller, also when kinds are mixed and unordered', async () => {
    const { collection } = both.ours;
    const operations = [
      update({ _id: 'a' }, { $set: { n: 1 } }, { upsert: true }),
      insert({ _id: 'b' }),
      { deleteOne: { filter: { _id: 1 } } },
      insert({ _id: 2 }),
      update({ _id: 'c' }, { $set: { n: 1 } }, { upsert: true }),
      insert({ _id: 'd' }),
    ];
    const error = await collection.bulkWrite(operations, { ordered: false }).catch((failure) => failure);
    expect(error).toBeInstanceOf(mongo.MongoBulkWriteError);
    expect(error.writeErrors.map(({ index }) => index)).toEqual([3]);
    expect(error.writeErrors[0].getOperation()).toEqual({ _id: 2 });
    expect(error.result.upsertedIds).toEqual({ 0: 'a', 4: 'c' });
    expect(error.insertedIds).toEqual({ 1: 'b', 5: 'd' });
    expect(error.deletedCount).toBe(1);
  });

  test('an ordered bulk stops at the first failing batch', async () => {
    const operations = [insert({ _id: 50 }), update({ _id: 1 }, { $set: { _id: 2 } }), insert({ _id: 51 })];
    const error = await both.ours.collection.bulkWrite(operations).catch((failure) => failure);
    expect(error.writeErrors[0].err.op).toEqual({ q: { _id: 1 }, u: { $set: { _id: 2 } } });
    expect(error.insertedIds).toEqual({ 0: 50 });
    expect(await both.ours.collection.countDocuments({ _id: 51 })).toBe(0);
  });

  test('runs of one kind go together', async () => {
    await both.sameCommands(({ collection }) =>
      collection.bulkWrite([
        insert({ _id: 20 }),
        insert({ _id: 21 }),
        update({ _id: 1 }, { $set: { a: 1 } }),
        insert({ _id: 22 }),
      ]),
    );
  });
});

test('an array that is used for something else meanwhile', async () => {
  await both.same(async ({ collection }) => {
    const documents = [{ _id: 'one' }, { _id: 'two' }];
    const inserting = collection.insertMany(documents);
    documents.length = 0;
    documents.push({ _id: 'another' });
    const result = await inserting;
    return [result, await collection.find({}, { sort: { _id: 1 } }).toArray()];
  });
  await both.same(async ({ collection }) => {
    const documents = [{ _id: 'two' }, { _id: 'three' }];
    const inserting = collection.insertMany(documents, { ordered: false });
    documents.length = 0;
    return await inserting;
  });
});

describe('large bulks', () => {
  test('more than 16 MiB are split by size', async () => {
    const { collection } = both.ours;
    const documents = Array.from({ length: 9 }, (_, n) => ({
      _id: `big${n}`,
      text: 'x'.repeat(4 * 1024 * 1024),
    }));
    documents[7]._id = 1;
    const error = await collection.insertMany(documents, { ordered: false }).catch((failure) => failure);
    expect(error.writeErrors.map(({ index }) => index)).toEqual([7]);
    expect(error.insertedCount).toBe(8);
    expect(Object.keys(error.insertedIds)).toEqual(['0', '1', '2', '3', '4', '5', '6', '8']);
  });

  test('more than 100,000 statements are split by count', async () => {
    const { collection } = both.ours;
    const documents = Array.from({ length: 100_001 }, (_, n) => ({ _id: n + 1000 }));
    const { insertedCount, insertedIds } = await collection.insertMany(documents);
    expect(insertedCount).toBe(100_001);
    expect(insertedIds[100_000]).toBe(101_000);
    expect(await collection.countDocuments({ _id: { $gte: 1000 } })).toBe(100_001);
  });

  test('a document that no command can hold is refused', async () => {
    const document = { _id: 'huge', text: 'x'.repeat(17 * 1024 * 1024) };
    const { collection } = both.ours;
    await expect(collection.insertMany([{ _id: 'small' }, document])).rejects.toThrow(
      'larger than the maximum size',
    );
    await expect(collection.insertOne(document)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(await collection.countDocuments({ _id: 'huge' })).toBe(0);
  });
});

describe('the old builders', () => {
  test.each(['initializeOrderedBulkOp', 'initializeUnorderedBulkOp'])('%s', async (method) => {
    await both.same(async ({ collection }) => {
      const bulk = collection[method]();
      bulk.insert({ _id: 30 });
      bulk.find({ _id: 1 }).updateOne({ $set: { x: 1 } });
      bulk.find({ n: { $gt: 1 } }).update({ $set: { y: 1 } });
      bulk.find({ _id: 40 }).upsert().replaceOne({ z: 1 });
      bulk
        .find({ _id: 41 })
        .upsert()
        .updateOne({ $set: { z: 1 } });
      bulk.find({ _id: 2 }).deleteOne();
      bulk.find({ n: 3 }).collation({ locale: 'en' }).delete();
      const { length } = bulk;
      const { insertedCount, matchedCount, upsertedCount, deletedCount } = await bulk.execute();
      return [length, insertedCount, matchedCount, upsertedCount, deletedCount];
    });
    await both.same(({ collection }) => collection.find({}, { sort: { _id: 1 } }).toArray());
  });

  test('executing twice, or nothing, is refused', async () => {
    await both.same(async ({ collection }) => {
      const bulk = collection.initializeOrderedBulkOp();
      bulk.insert({ _id: 60 });
      await bulk.execute();
      await bulk.execute();
    });
    await both.same(({ collection }) => collection.initializeUnorderedBulkOp().execute());
    await both.same(async ({ collection }) => collection.initializeOrderedBulkOp().find());
  });
});

describe('client.bulkWrite', () => {
  test('bad models are refused before anything is sent', async () => {
    const namespace = 'DB.things';
    for (const models of [
      [],
      [{ name: 'updateOne', namespace, filter: {}, update: { n: 1 } }],
      [{ name: 'replaceOne', namespace, filter: {}, replacement: { $set: { n: 1 } } }],
    ]) {
      await expect(both.ours.client.bulkWrite(models)).rejects.toThrow(/client bulk write/i);
    }
  });
});
