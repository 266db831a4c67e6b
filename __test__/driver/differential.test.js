'use strict';

const fc = require('fast-check');
const { mongo, openBoth } = require('../support/both-drivers');
const { arbitraryDocuments } = require('../reply/support/arbitrary-documents');

/** The same operations every time, so that a failure tells of a change; other seeds are for looking further. */
const seed = Number(process.env.POLYMONGO_SEED) || 20_261_121;
const runs = Number(process.env.POLYMONGO_RUNS) || 2500;

/** Stored data is compared after so many operations. */
const ROUND = 100;

let both;
beforeAll(async () => {
  both = await openBoth('differential');
});
afterAll(() => both.close());

/**
 * The official driver looks field names up in an ordinary object, so an array named `toString` comes back as raw bytes
 * from it. Ours reads it; that is tested elsewhere.
 */
function withoutInherited(part) {
  if (Array.isArray(part)) return part.map(withoutInherited);
  if (part === null || typeof part !== 'object' || Object.getPrototypeOf(part) !== Object.prototype)
    return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, item]) => [key in {} ? 'inherited' : key, withoutInherited(item)]),
  );
}

/** Few ids, so that operations meet each other's documents. */
const id = fc.integer({ min: 0, max: 24 });
const document = arbitraryDocuments(mongo.BSON).map(([first]) => withoutInherited(first));
const stored = fc.tuple(id, document).map(([_id, rest]) => ({ ...rest, _id }));
const value = document.map((fields) => Object.values(fields)[0] ?? null);
const path = fc.constantFrom('a', 'b', 'c', 'n', 'a.b', 'list', 'list.1', '_id', '$bad', '');

const filter = fc.oneof(
  { weight: 4, arbitrary: id.map((_id) => ({ _id })) },
  { weight: 2, arbitrary: id.map((least) => ({ _id: { $gte: least } })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({}, { n: { $gt: 0 } }, { a: { $exists: true } }, { n: { $nope: 1 } }),
  },
  { weight: 1, arbitrary: fc.tuple(path, value).map(([key, wanted]) => ({ [key]: wanted })) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined, 'text', 5) },
);

const update = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(path, value).map(([key, to]) => ({ $set: { [key]: to } })) },
  { weight: 2, arbitrary: fc.integer().map((by) => ({ $inc: { n: by } })) },
  { weight: 1, arbitrary: value.map((item) => ({ $push: { list: item }, $unset: { b: 1 } })) },
  { weight: 1, arbitrary: fc.integer().map((n) => [{ $set: { n } }, { $unset: 'c' }]) },
  { weight: 1, arbitrary: document },
  { weight: 1, arbitrary: fc.constantFrom({}, [], null, { $nope: 1 }, { $set: {} }) },
);

/** An id that the server makes differs, so whoever upserts names it. */
const upsert = fc.tuple(
  id.map((_id) => ({ _id })),
  fc.constantFrom({ upsert: true }, {}),
);
const target = fc.oneof(
  upsert,
  filter.map((wanted) => [wanted, {}]),
);
const fetched = fc.record(
  {
    sort: fc.constantFrom({ _id: 1 }, { _id: -1 }),
    projection: fc.constantFrom({ a: 1 }, { _id: 0, n: 1 }, ['b'], { a: 1, b: 0 }),
    returnDocument: fc.constantFrom('before', 'after'),
    includeResultMetadata: fc.boolean(),
  },
  { requiredKeys: ['sort'] },
);
const listed = fc.record(
  {
    projection: fc.constantFrom({ a: 1 }, { list: { $slice: 1 } }, { n: 0 }),
    limit: fc.integer({ min: -3, max: 10 }),
    skip: fc.nat(5),
    batchSize: fc.integer({ min: 1, max: 7 }),
  },
  { requiredKeys: [] },
);
const statement = fc.oneof(
  stored.map((inserted) => ({ insertOne: { document: inserted } })),
  fc.tuple(target, update).map(([[wanted, options], change]) => ({
    updateOne: { filter: wanted, update: change, ...options },
  })),
  fc.tuple(filter, update).map(([wanted, change]) => ({ updateMany: { filter: wanted, update: change } })),
  fc.tuple(target, document).map(([[wanted, options], replacement]) => ({
    replaceOne: { filter: wanted, replacement, ...options },
  })),
  filter.map((wanted) => ({ deleteOne: { filter: wanted } })),
);

/** `[method, arguments]`; readers end in an order that both can have. */
const operation = fc.oneof(
  fc.tuple(fc.constant('insertOne'), fc.tuple(stored)),
  fc.tuple(
    fc.constant('insertMany'),
    fc.tuple(
      fc.array(stored, { maxLength: 6 }),
      fc.boolean().map((ordered) => ({ ordered })),
    ),
  ),
  fc
    .tuple(fc.constantFrom('updateOne', 'updateMany'), target, update)
    .map(([method, [wanted, options], change]) => [method, [wanted, change, options]]),
  fc
    .tuple(target, document)
    .map(([[wanted, options], replacement]) => ['replaceOne', [wanted, replacement, options]]),
  fc.tuple(fc.constantFrom('deleteOne', 'deleteMany', 'countDocuments'), fc.tuple(filter)),
  fc
    .tuple(target, update, fetched)
    .map(([[wanted, options], change, more]) => [
      'findOneAndUpdate',
      [wanted, change, { ...options, ...more }],
    ]),
  fc
    .tuple(target, document, fetched)
    .map(([[wanted, options], change, more]) => [
      'findOneAndReplace',
      [wanted, change, { ...options, ...more }],
    ]),
  fc.tuple(fc.constant('findOneAndDelete'), fc.tuple(filter, fetched)),
  fc.tuple(fc.constant('distinct'), fc.tuple(path, filter)),
  fc.tuple(filter, listed).map(([wanted, options]) => ['find', [wanted, { sort: { _id: 1 }, ...options }]]),
  fc
    .tuple(filter, listed)
    .map(([wanted, options]) => ['findOne', [wanted, { sort: { _id: 1 }, ...options }]]),
  filter.map((wanted) => [
    'aggregate',
    [[{ $match: wanted }, { $sort: { _id: 1 } }, { $project: { a: 1, n: 1 } }], { batchSize: 3 }],
  ]),
  fc.array(statement, { maxLength: 6 }).map((statements) => ['bulkWrite', [statements]]),
);

/** The same documents, byte for byte. */
async function expectSameData() {
  const [ours, theirs] = await Promise.all(
    [both.ours, both.official].map(({ collection }) =>
      collection.find({}, { sort: { _id: 1 }, raw: true }).toArray(),
    ),
  );
  expect(ours.map((bytes) => bytes.toString('hex'))).toEqual(theirs.map((bytes) => bytes.toString('hex')));
}

async function run({ collection }, [method, parameters]) {
  try {
    const answer = collection[method](...ownCopies(parameters));
    return typeof answer?.toArray === 'function' ? await answer.toArray() : await answer;
  } catch (error) {
    // Of a bulk that failed the official driver lists what it did not insert as well.
    if (method === 'bulkWrite' && error.result !== undefined) delete error.result.insertedIds;
    throw error;
  }
}

/** Drivers write ids into what they are given; the other one must not see that. */
function ownCopies(parameters) {
  return parameters.map((parameter) =>
    parameter !== null && typeof parameter === 'object' && !Array.isArray(parameter)
      ? { ...parameter }
      : parameter,
  );
}

test(`${runs} random operations come to the same on both drivers (POLYMONGO_SEED=${seed})`, async () => {
  const operations = fc.sample(operation, { seed, numRuns: runs });
  for (const [index, each] of operations.entries()) {
    try {
      await both.same((side) => run(side, each));
      if (index % ROUND === ROUND - 1) await expectSameData();
    } catch (error) {
      error.message = `Operation ${index}, ${fc.stringify(each)}\n${error.message}`;
      throw error;
    }
  }
  await expectSameData();
}, 180_000);
