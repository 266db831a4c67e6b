'use strict';

const { openBoth } = require('../support/both-drivers');

let both;
beforeAll(async () => {
  both = await openBoth('options');
});
afterAll(() => both.close());

/** What Mongoose leaves in the options it passes on. */
const FOREIGN = {
  lean: true,
  populate: ['x'],
  rawResult: true,
  runValidators: true,
  timestamps: false,
  skipValidation: true,
  _skipCastBulkWrite: true,
  throwOnValidationError: true,
  strict: false,
  new: true,
  returnOriginal: false,
  transform: () => {},
  middleware: { pre: false },
  model: function model() {},
};

describe('foreign keys never reach the server', () => {
  test.each([
    ['find', (c) => c.find({}, { ...FOREIGN, sort: 'n' }).toArray()],
    ['findOne', (c) => c.findOne({}, FOREIGN)],
    ['insertOne', (c) => c.insertOne({ _id: 'f1' }, FOREIGN)],
    ['insertMany', (c) => c.insertMany([{ _id: 'f2' }], { ...FOREIGN, limit: 5, ordered: false })],
    ['updateOne', (c) => c.updateOne({}, { $set: { a: 1 } }, { ...FOREIGN, multi: true, upsert: false })],
    ['replaceOne', (c) => c.replaceOne({ _id: 'f1' }, { a: 1 }, FOREIGN)],
    ['deleteOne', (c) => c.deleteOne({ _id: 'f2' }, { ...FOREIGN, projection: { a: 1 } })],
    [
      'findOneAndUpdate',
      (c) => c.findOneAndUpdate({ _id: 'f1' }, { $set: { a: 1 } }, { ...FOREIGN, overwrite: true }),
    ],
    [
      'bulkWrite',
      (c) =>
        c.bulkWrite([{ updateOne: { filter: {}, update: { $set: { b: 1 } }, timestamps: true } }], FOREIGN),
    ],
    ['countDocuments', (c) => c.countDocuments({}, { ...FOREIGN, sort: { a: 1 } })],
    ['estimatedDocumentCount, given a filter', (c) => c.estimatedDocumentCount({ a: 1, ...FOREIGN })],
    ['distinct', (c) => c.distinct('a', {}, FOREIGN)],
    ['aggregate', (c) => c.aggregate([], { ...FOREIGN, cursor: { batchSize: 5 } }).toArray()],
    ['createIndex', (c) => c.createIndex({ a: 1 }, FOREIGN)],
    ['listIndexes', (c) => c.listIndexes(FOREIGN).toArray()],
  ])('%s', async (_name, run) => {
    const commands = await both.sameCommands(({ collection }) => run(collection));
    expect(commands.length).toBe(1);
  });

  test('options of Mongoose’s aggregation cursor', async () => {
    const options = { cursor: { batchSize: 5, useMongooseAggCursor: true, transform: () => {} } };
    expect(await both.ours.collection.aggregate([{ $limit: 1 }], options).toArray()).toHaveLength(1);
  });

  test('what is on Object.prototype is no option', async () => {
    Object.prototype.limit = 0;
    Object.prototype.singleBatch = 'x';
    Object.prototype.explain = true;
    try {
      expect(await both.ours.collection.findOne({ _id: 'f1' }, {})).toMatchObject({ _id: 'f1' });
      expect(await both.ours.collection.updateOne({ _id: 'f1' }, { $set: { c: 1 } }, {})).toMatchObject({
        matchedCount: 1,
      });
    } finally {
      delete Object.prototype.limit;
      delete Object.prototype.singleBatch;
      delete Object.prototype.explain;
    }
  });
});

describe('forms of options', () => {
  test.each([
    ['a mode', 'secondaryPreferred'],
    ['Mongoose’s form', { mode: 'nearest', tags: undefined }],
    ['with staleness', { mode: 'secondaryPreferred', maxStalenessSeconds: 120 }],
    ['an unknown mode', 'sideways'],
    ['a number', 7],
    ['tags on the primary', { mode: 'primary', tags: [{ a: 'b' }] }],
  ])('read preference: %s', async (name, readPreference) => {
    // The official driver takes a number and fails later, elsewhere.
    if (name === 'a number') {
      await expect(both.ours.collection.findOne({}, { readPreference })).rejects.toThrow(
        'Invalid read preference: 7',
      );
      return;
    }
    await both.same(({ collection }) =>
      collection.findOne({ _id: 'f1' }, { readPreference, projection: { _id: 1 } }),
    );
  });

  test('the flat write concern of old code and Mongoose', async () => {
    const { collection, commands } = both.ours;
    commands.length = 0;
    await collection.updateOne({}, { $set: { d: 1 } }, { w: 'majority', wtimeout: 100, j: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(commands[0].writeConcern).toEqual({ w: 'majority', wtimeout: 100, j: true });
  });

  test('a trailing function, which Mongoose 8 appends, is ignored', async () => {
    expect(await both.ours.collection.findOne({ _id: 'f1' }, () => {})).toMatchObject({ _id: 'f1' });
    expect(await both.ours.collection.estimatedDocumentCount(() => {})).toBeGreaterThan(0);
  });

  test('null is as good as nothing', async () => {
    await both.same(({ collection }) =>
      collection.findOne({ _id: 'f1' }, { session: null, projection: { _id: 1 } }),
    );
  });
});

describe('deadlines', () => {
  test('timeoutMS ends an operation and says whether it was sent', async () => {
    const slow = both.ours.collection.find({ $where: 'sleep(3000) || true' }, { timeoutMS: 200 });
    const error = await slow.toArray().catch((failure) => failure);
    expect(error.name).toBe('MongoOperationTimeoutError');
    expect(error.sent).toBe(true);
  });

  test('maxTimeMS is the server’s', async () => {
    // The server words it in two ways.
    const slow = both.ours.collection.find({ $where: 'sleep(2000) || true' }, { maxTimeMS: 50 });
    await expect(slow.toArray()).rejects.toMatchObject({
      name: 'MongoServerError',
      codeName: 'MaxTimeMSExpired',
    });
  });
});

test('errors tell where the operation was asked for', async () => {
  async function whereItWasAsked() {
    await both.ours.collection.insertOne({ _id: 'f1' });
  }
  const error = await whereItWasAsked().catch((failure) => failure);
  expect(error.stack).toContain('whereItWasAsked');
});
