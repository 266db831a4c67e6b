'use strict';

const fc = require('fast-check');
const { mongo, openBoth } = require('../support/both-drivers');
const { arbitraryDocuments } = require('../reply/support/arbitrary-documents');

/** The same operations every time, so that a failure tells of a change; other seeds are for looking further. */
const seed = Number(process.env.POLYMONGO_SEED) || 20_261_121;
const runs = Number(process.env.POLYMONGO_RUNS) || 2500;

/** After so many operations comes a transaction. */
const PER_TRANSACTION = 10;

/** Stored data is compared after so many operations. */
const ROUND = 100;

let both;
beforeAll(async () => {
  both = await openBoth('differential');
  for (const { db } of [both.ours, both.official]) await db.createCollection('things');
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
const qualified = fc.record(
  {
    arrayFilters: fc.constantFrom([{ e: { $gt: 1 } }], [], [{ 'e.a': 1 }, { f: 2 }]),
    collation: fc.constantFrom({ locale: 'en', strength: 1 }, { locale: 'nowhere' }),
    hint: fc.constantFrom('_id_', { _id: 1 }, 'none'),
    upsert: fc.boolean(),
    comment: fc.constantFrom('c', { of: 'mine' }, 5),
    let: fc.constantFrom({ wanted: 1 }, {}),
    bypassDocumentValidation: fc.boolean(),
    maxTimeMS: fc.constantFrom(10_000, 0),
    writeConcern: fc.constantFrom({ w: 1 }, { w: 'majority', j: true }, { w: 'nope' }),
    explain: fc.constantFrom('queryPlanner', true),
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
  fc.tuple(filter, qualified).map(([wanted, { hint, collation }]) => ({
    deleteMany: { filter: { $and: [wanted ?? {}, { n: { $gt: 5 } }] }, hint, collation },
  })),
  fc.tuple(upsert, update, qualified).map(([[wanted], change, { arrayFilters, hint, collation }]) => ({
    updateMany: { filter: wanted, update: change, arrayFilters, hint, collation },
  })),
  fc.constantFrom(null, {}, { nope: 1 }, { updateOne: {} }, { deleteOne: {} }),
);

/** Stages whose results have an order. */
const stages = fc.oneof(
  fc.constant([
    { $sort: { _id: 1 } },
    { $group: { _id: null, ids: { $push: '$_id' }, most: { $max: '$n' } } },
  ]),
  fc.constant([{ $unwind: '$list' }, { $sort: { _id: 1 } }, { $limit: 7 }]),
  fc.constant([{ $group: { _id: { $type: '$a' }, count: { $sum: 1 } } }, { $sort: { _id: 1 } }]),
  fc.constant([{ $sort: { _id: 1 } }, { $facet: { some: [{ $limit: 2 }], all: [{ $count: 'n' }] } }]),
  fc.constant([
    { $sort: { _id: 1 } },
    { $lookup: { from: 'things', localField: 'n', foreignField: '_id', as: 'others' } },
    { $project: { 'others._id': 1 } },
  ]),
  fc.constant([
    { $match: { n: { $gt: 3 } } },
    { $sort: { _id: 1 } },
    { $project: { n: 1 } },
    { $out: 'out' },
  ]),
  fc.constant([
    { $sort: { _id: 1 } },
    { $project: { n: 1 } },
    { $merge: { into: 'out', whenMatched: 'replace' } },
  ]),
  fc.constant([{ $sort: { _id: 1 } }, { $set: { deep: { $add: ['$n', '$a'] } } }, { $limit: 2 }]),
  fc.constantFrom([{ $nope: 1 }], [{}], [{ $limit: 0 }], [{ $match: 5 }]),
);

const key = fc.oneof(
  fc.constantFrom('a', { n: 1 }, { a: -1, n: 1 }, ['a', 'b'], [['b', -1]], new Map([['c', 1]]), {
    list: 'text',
  }),
  fc.constantFrom({}, { a: 'nope' }, [], '', { $bad: 1 }, { a: 0 }, null),
);
const indexed = fc.record(
  {
    name: fc.constantFrom('mine', 'other', ''),
    unique: fc.boolean(),
    sparse: fc.boolean(),
    expireAfterSeconds: fc.constant(-1),
    partialFilterExpression: fc.constantFrom({ n: { $gt: 1 } }, { $nope: 1 }),
    collation: fc.constantFrom({ locale: 'en' }),
    hidden: fc.boolean(),
    unknown: fc.constant(1),
  },
  { requiredKeys: [] },
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
  fc
    .tuple(fc.array(statement, { maxLength: 6 }), fc.boolean(), qualified)
    .map(([statements, ordered, { comment, let: variables }]) => [
      'bulkWrite',
      [statements, { ordered, comment, let: variables }],
    ]),
  fc
    .tuple(fc.constantFrom('updateOne', 'updateMany'), upsert, update, qualified)
    .map(([method, [wanted], change, options]) => [method, [wanted, change, options]]),
  fc
    .tuple(fc.constantFrom('deleteOne', 'deleteMany', 'findOneAndDelete'), upsert, qualified)
    .map(([method, [wanted], options]) => [method, [wanted, options]]),
  fc
    .tuple(upsert, update, qualified, fetched)
    .map(([[wanted], change, options, more]) => [
      'findOneAndUpdate',
      [wanted, change, { ...options, ...more }],
    ]),
  fc
    .tuple(stages, fc.integer({ min: 1, max: 5 }))
    .map(([pipeline, batchSize]) => ['aggregate', [pipeline, { batchSize }]]),
  fc
    .tuple(fc.constantFrom('countDocuments', 'distinct'), filter, qualified)
    .map(([method, wanted, { collation, hint, comment, maxTimeMS }]) => [
      method,
      [...(method === 'distinct' ? ['n'] : []), wanted, { collation, hint, comment, maxTimeMS }],
    ]),
  fc.constant(['estimatedDocumentCount', []]),
  fc.tuple(key, indexed).map(([specification, options]) => ['createIndex', [specification, options]]),
  fc.constantFrom(['dropIndex', ['mine']], ['dropIndex', ['nope']], ['dropIndexes', []], ['indexes', []]),
);

/** What happens to be said inside a transaction: it ends in one of three ways. */
const transaction = fc.tuple(
  fc.array(
    operation.filter(([method]) => !/ndex|estimated|aggregate/.test(method)),
    { minLength: 1, maxLength: 4 },
  ),
  fc.constantFrom('commitTransaction', 'abortTransaction', 'endSession'),
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

async function run({ collection }, operation, session) {
  const [method, parameters] = operation;
  try {
    const given = session === undefined ? parameters : withSession(operation, session);
    const answer = collection[method](...ownCopies(given));
    const value = typeof answer?.toArray === 'function' ? await answer.toArray() : await answer;
    // Of an unordered bulk the official driver tells places within its groups.
    if (method === 'bulkWrite' && optionsOf(operation)?.ordered === false) {
      delete value.upsertedIds;
      delete value.insertedIds;
    }
    // A plan says which database it is for, and what else goes on there.
    return optionsOf(operation)?.explain === undefined ? value : Object.keys(value ?? {});
  } catch (error) {
    // Of a bulk that failed the official driver lists what it did not insert as well.
    if (method === 'bulkWrite' && error.result !== undefined) {
      delete error.result.insertedIds;
      delete error.result.upsertedIds;
    }
    throw error;
  }
}

/** What stands before the options. */
const ARGUMENTS = new Map([
  ...['updateOne', 'updateMany', 'replaceOne', 'findOneAndUpdate', 'findOneAndReplace', 'distinct'].map(
    (name) => [name, 2],
  ),
  ...['estimatedDocumentCount', 'dropIndexes', 'indexes'].map((name) => [name, 0]),
]);

const optionsOf = ([method, parameters]) => parameters[ARGUMENTS.get(method) ?? 1];

/** The official driver lets a write concern of `findOneAnd…` into a transaction, which the server refuses. */
function withSession([method, parameters], session) {
  const count = ARGUMENTS.get(method) ?? 1;
  return [...parameters.slice(0, count), { ...parameters[count], writeConcern: undefined, session }];
}

/** All in one transaction; what fails is part of the answer. */
async function runTogether(side, [operations, end]) {
  const session = side.client.startSession();
  session.startTransaction();
  const answers = [];
  for (const each of operations) answers.push(await run(side, each, session).catch(failureInTransaction));
  answers.push(await session[end]().catch(failureInTransaction));
  await session.endSession();
  return answers;
}

/** Texts name the transaction by its number. */
function failureInTransaction({ name, code, codeName, errorLabels }) {
  return { name, code, codeName, errorLabels };
}

/** An error of the server's that quotes a document may be cut within a character: neither driver can read it then. */
async function same(run) {
  const [mine, theirs] = await both.outcomes(run);
  if (/Invalid UTF-8/.test(theirs.error?.message)) expect(mine.error).toBeDefined();
  else expect(mine).toEqual(theirs);
}

const printed = (what) => fc.stringify(what).slice(0, 3000);

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
  const transactions = fc.sample(transaction, { seed, numRuns: Math.ceil(runs / PER_TRANSACTION) });
  for (const [index, each] of operations.entries()) {
    try {
      await same((side) => run(side, each));
      if (index % ROUND === ROUND - 1) await expectSameData();
    } catch (error) {
      error.message = `Operation ${index}, ${printed(each)}\n${error.message}`;
      throw error;
    }
    if (index % PER_TRANSACTION > 0) continue;
    const together = transactions[index / PER_TRANSACTION];
    try {
      await same((side) => runTogether(side, together));
    } catch (error) {
      error.message = `Transaction after operation ${index}, ${printed(together)}\n${error.message}`;
      throw error;
    }
  }
  await expectSameData();
}, 300_000);
