'use strict';

const { mongo, openBoth } = require('../support/both-drivers');

let both;
beforeAll(async () => {
  both = await openBoth('crud');
});
afterAll(() => both.close());
beforeEach(async () => {
  for (const { collection } of [both.ours, both.official]) {
    await collection.deleteMany({});
    await collection.insertMany(
      [1, 2, 3, 4, 5].map((n) => ({ _id: n, n, tags: ['a', `b${n}`], even: n % 2 === 0 })),
    );
  }
});

describe('reading', () => {
  test.each([
    ['everything', {}, {}],
    ['a filter', { n: { $gt: 2 } }, {}],
    ['sort, skip and limit', {}, { sort: { n: -1 }, skip: 1, limit: 2 }],
    [
      'a sort of every form',
      {},
      {
        sort: [
          ['even', 'desc'],
          ['n', 1],
        ],
      },
    ],
    [
      'a sort as a map',
      {},
      {
        sort: new Map([
          ['even', -1],
          ['n', -1],
        ]),
      },
    ],
    ['a sort as a pair', {}, { sort: ['n', -1] }],
    ['a projection', {}, { projection: { n: 1, _id: 0 }, sort: 'n' }],
    ['a projection as a list', {}, { projection: ['n'], sort: 'n' }],
    ['a negative limit', {}, { limit: -2 }],
    ['a collation', { tags: 'A' }, { collation: { locale: 'en', strength: 2 } }],
    ['min and max', {}, { min: { _id: 2 }, max: { _id: 4 }, hint: { _id: 1 } }],
    ['return keys', {}, { hint: { _id: 1 }, returnKey: true, limit: 2 }],
    ['a let variable', { $expr: { $eq: ['$n', '$$x'] } }, { let: { x: 3 } }],
    ['a bad operator', { n: { $nope: 1 } }, {}],
    ['a bad sort', {}, { sort: { n: 'sideways' } }],
    ['a filter that is none', 'text', {}],
  ])('find and findOne: %s', async (_name, filter, options) => {
    await both.same(async ({ collection }) => await collection.find(filter, options).toArray());
    await both.same(async ({ collection }) => await collection.findOne(filter, options));
  });

  test('an ObjectId as a filter', async () => {
    const _id = new mongo.ObjectId();
    await both.same(async ({ collection }) => {
      await collection.insertOne({ _id, n: 9 });
      return [await collection.findOne(_id), await collection.find(_id).toArray()];
    });
  });

  test.each([
    ['countDocuments', (c) => c.countDocuments({ even: true })],
    ['countDocuments with skip and limit', (c) => c.countDocuments({}, { skip: 1, limit: 3 })],
    ['estimatedDocumentCount', (c) => c.estimatedDocumentCount()],
    ['count', (c) => c.count({ n: { $lt: 3 } }, { limit: 1 })],
    ['distinct', (c) => c.distinct('tags')],
    ['distinct with a filter', (c) => c.distinct('n', { even: false })],
    ['distinct that fails', (c) => c.distinct('n', { $nope: 1 })],
    [
      'aggregate',
      (c) =>
        c.aggregate([{ $group: { _id: '$even', sum: { $sum: '$n' } } }, { $sort: { _id: 1 } }]).toArray(),
    ],
    ['aggregate of nothing', (c) => c.aggregate().toArray()],
    [
      'aggregate with $out',
      async (c) => [
        await c.aggregate([{ $out: 'copies' }]).toArray(),
        await c.db.collection('copies').countDocuments(),
      ],
    ],
    ['aggregate that fails', (c) => c.aggregate([{ $nope: 1 }]).toArray()],
  ])('%s', async (_name, run) => {
    await both.same(({ collection }) => run(collection));
  });

  test('a pipeline that is none is refused at once', () => {
    const { collection } = both.ours;
    expect(() => collection.aggregate({ $match: {} })).toThrow(
      'Argument "pipeline" must be an array of aggregation stages',
    );
  });
});

describe('writing', () => {
  test.each([
    ['insertOne', (c) => c.insertOne({ n: 10 })],
    ['insertOne of a duplicate', (c) => c.insertOne({ _id: 1 })],
    ['insertMany', (c) => c.insertMany([{ _id: 10 }, { n: 11 }])],
    ['insertMany, ordered, with a failure', (c) => c.insertMany([{ _id: 20 }, { _id: 1 }, { _id: 21 }])],
    [
      'insertMany, unordered, with two',
      (c) => c.insertMany([{ _id: 1 }, { _id: 30 }, { _id: 2 }], { ordered: false }),
    ],
    ['insertMany of nothing', (c) => c.insertMany([])],
    ['insertMany of no array', (c) => c.insertMany({})],
    ['updateOne', (c) => c.updateOne({ n: 2 }, { $set: { x: 1 } })],
    ['updateOne that changes nothing', (c) => c.updateOne({ n: 2 }, { $set: { n: 2 } })],
    ['updateOne that finds nothing', (c) => c.updateOne({ n: 200 }, { $set: { n: 2 } })],
    ['updateOne, upsert', (c) => c.updateOne({ _id: 'up' }, { $set: { n: 2 } }, { upsert: true })],
    ['updateOne with a pipeline', (c) => c.updateOne({ n: 1 }, [{ $set: { n: { $add: ['$n', 1] } } }])],
    [
      'updateOne with array filters',
      (c) => c.updateOne({ n: 1 }, { $set: { 'tags.$[t]': 'z' } }, { arrayFilters: [{ t: 'a' }] }),
    ],
    ['updateOne without operators', (c) => c.updateOne({ n: 1 }, { n: 2 })],
    ['updateOne with nothing', (c) => c.updateOne({ n: 1 }, {})],
    ['updateOne without an update', (c) => c.updateOne({ n: 1 })],
    ['updateOne without a filter', (c) => c.updateOne(null, { $set: { n: 1 } })],
    ['updateOne that the server refuses', (c) => c.updateOne({ n: 1 }, { $set: { _id: 7 } })],
    ['updateMany', (c) => c.updateMany({ even: false }, { $inc: { n: 100 } })],
    ['replaceOne', (c) => c.replaceOne({ n: 3 }, { n: 33 })],
    ['replaceOne, upsert', (c) => c.replaceOne({ _id: 99 }, { n: 33 }, { upsert: true })],
    ['replaceOne with operators', (c) => c.replaceOne({ n: 3 }, { $set: { n: 33 } })],
    ['deleteOne', (c) => c.deleteOne({ even: true })],
    ['deleteMany', (c) => c.deleteMany({ even: true })],
    ['deleteMany without a filter', (c) => c.deleteMany()],
    ['deleteOne with an unknown operator', (c) => c.deleteOne({ $nope: 1 })],
  ])('%s', async (_name, run) => {
    await both.same(({ collection }) => run(collection));
    await both.same(({ collection }) =>
      collection.find({}, { projection: { _id: 0 }, sort: { n: 1 } }).toArray(),
    );
  });

  test.each([
    ['findOneAndUpdate', (c) => c.findOneAndUpdate({ n: 1 }, { $set: { x: 1 } })],
    [
      'findOneAndUpdate, after',
      (c) => c.findOneAndUpdate({ n: 1 }, { $set: { x: 1 } }, { returnDocument: 'after' }),
    ],
    [
      'findOneAndUpdate with all',
      (c) => c.findOneAndUpdate({}, { $set: { x: 1 } }, { sort: { n: -1 }, projection: { n: 1 } }),
    ],
    [
      'findOneAndUpdate, metadata',
      (c) => c.findOneAndUpdate({ n: 1 }, { $set: { x: 1 } }, { includeResultMetadata: true }),
    ],
    [
      'findOneAndUpdate, upsert',
      (c) =>
        c.findOneAndUpdate({ _id: 'n' }, { $set: { x: 1 } }, { upsert: true, includeResultMetadata: true }),
    ],
    ['findOneAndUpdate of nothing', (c) => c.findOneAndUpdate({ n: 1000 }, { $set: { x: 1 } })],
    ['findOneAndUpdate without operators', (c) => c.findOneAndUpdate({ n: 1 }, { x: 1 })],
    ['findOneAndUpdate without a filter', (c) => c.findOneAndUpdate(null, { $set: { x: 1 } })],
    ['findOneAndUpdate that fails', (c) => c.findOneAndUpdate({ n: 1 }, { $set: { _id: 5 } })],
    ['findOneAndReplace', (c) => c.findOneAndReplace({ n: 2 }, { n: 22 }, { returnDocument: 'after' })],
    ['findOneAndReplace with operators', (c) => c.findOneAndReplace({ n: 2 }, { $set: { n: 22 } })],
    ['findOneAndDelete', (c) => c.findOneAndDelete({ n: 2 })],
    ['findOneAndDelete, metadata', (c) => c.findOneAndDelete({ n: 2 }, { includeResultMetadata: true })],
  ])('%s', async (_name, run) => {
    await both.same(({ collection }) => run(collection));
  });

  test('a missing _id is put into the caller’s documents', async () => {
    const { collection } = both.ours;
    const one = { n: 1 };
    const many = [{ n: 2 }, { n: 3 }];
    const { insertedId } = await collection.insertOne(one);
    const { insertedIds } = await collection.insertMany(many);
    expect(one._id).toBe(insertedId);
    expect(many.map(({ _id }) => _id)).toEqual(Object.values(insertedIds));
    expect(one._id).toBeInstanceOf(mongo.ObjectId);
  });

  test('the server gives the _id when it is told to', async () => {
    const { collection } = both.ours;
    const document = { n: 'server' };
    await collection.insertOne(document, { forceServerObjectId: true });
    expect(document).toEqual({ n: 'server' });
    expect((await collection.findOne({ n: 'server' }))._id).toBeInstanceOf(mongo.ObjectId);
  });

  test('what is not acknowledged has no counts', async () => {
    const { collection } = both.ours;
    const w0 = { writeConcern: { w: 0 } };
    expect(await collection.insertOne({ _id: 'w0' }, w0)).toEqual({ acknowledged: false, insertedId: 'w0' });
    expect(await collection.updateOne({ n: 1 }, { $set: { x: 1 } }, { w: 0 })).toEqual({
      acknowledged: false,
      modifiedCount: undefined,
      upsertedId: null,
      upsertedCount: 0,
      matchedCount: undefined,
    });
    expect(await collection.deleteMany({}, w0)).toEqual({ acknowledged: false, deletedCount: undefined });
  });

  test('a failed write concern is an error that carries the whole reply', async () => {
    await both.same(({ collection }) =>
      collection.insertOne({ n: 1 }, { writeConcern: { w: 5, wtimeout: 1 } }),
    );
  });
});

describe('explaining', () => {
  test('the option turns the call into a question', async () => {
    for (const { collection } of [both.ours, both.official]) {
      const plans = [
        await collection.find({ n: 1 }).explain('queryPlanner'),
        await collection.findOne({ n: 1 }, { explain: 'queryPlanner' }),
        await collection.find({ n: 1 }, { explain: true }).next(),
        await collection.updateOne({ n: 1 }, { $set: { n: 7 } }, { explain: 'queryPlanner' }),
        await collection.deleteMany({ n: 1 }, { explain: 'queryPlanner' }),
        await collection.distinct('n', {}, { explain: 'queryPlanner' }),
        await collection.findOneAndUpdate(
          { n: 1 },
          { $set: { n: 7 } },
          { explain: true, includeResultMetadata: true },
        ),
        await collection.aggregate([{ $match: { n: 1 } }]).explain('queryPlanner'),
      ];
      for (const plan of plans)
        expect(plan).toMatchObject({ queryPlanner: { namespace: collection.namespace } });
    }
    await both.same(({ collection }) => collection.insertOne({}, { explain: true }));
    expect(await both.ours.collection.countDocuments({ n: 1 })).toBe(1);
  });
});

test('the text of a write error that the server cuts within a character', async () => {
  for (const padding of ['', 'x', 'xx', 'xxx']) {
    await both.same(async ({ collection }) => {
      await collection.deleteMany({});
      await collection.insertOne({ _id: 1, a: [padding + '\u{14001}'.repeat(5000)] });
      await collection.updateMany({}, { $set: { 'a.b': 1 } });
    });
  }
});
