'use strict';

const fc = require('fast-check');
const { createClient } = require('../../../lib/driver/client');
const { Engine } = require('../../../lib/driver/engine');
const { codecOf } = require('../../../lib/protocol/codec');
const { mongo } = require('../../support/mongoose');
const { nested, oddValues } = require('../support/odd-values');

const foreign = require(process.env.POLYMONGO_MONGOOSE === '8' ? 'mongoose' : 'mongoose8').mongo;

/** Calls the driver with what makes no sense, and says as JSON what went wrong. `node malformed.js <seed> <runs>` */
const [seed, runs] = process.argv.slice(2).map(Number);
const uri = process.env.POLYMONGO_TEST_URI;

/** So many are on their way at the same time. */
const TOGETHER = 25;

/** An operation that takes longer hangs. */
const PATIENCE_MS = 20_000;

const MB = 1024 * 1024;

const client = createClient(new Engine(uri, { maxPoolSize: 10 }), codecOf(mongo), {
  dbName: 'drv_malformed',
});

const odd = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...oddValues(mongo.BSON, foreign.BSON).map(([, make]) => make)) },
  {
    weight: 2,
    arbitrary: fc
      .anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: true,
        withSparseArray: true,
        withObjectString: true,
      })
      .map((value) => () => value),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => () => text) },
  { weight: 1, arbitrary: fc.nat(3).map((n) => () => ['', 'x'.repeat(300), 'x'.repeat(100_000), '\0'][n]) },
  { weight: 1, arbitrary: fc.nat(400).map((levels) => () => nested(levels)) },
);

/** Operators that the server understands, so that some of it gets far. */
const operand = fc
  .tuple(
    fc.constantFrom(
      '$set',
      '$inc',
      '$push',
      '$unset',
      '$in',
      '$elemMatch',
      '$match',
      '$group',
      '$and',
      'n',
      '_id',
    ),
    odd,
  )
  .map(([name, make]) => () => ({ [name]: { n: make() } }));

const argument = fc.oneof(
  { weight: 3, arbitrary: odd },
  { weight: 2, arbitrary: operand },
  { weight: 1, arbitrary: fc.constant(() => ({})) },
);

const OPTIONS = [
  ...[
    'session',
    'signal',
    'readConcern',
    'writeConcern',
    'readPreference',
    'hint',
    'collation',
    'comment',
    'let',
    'batchSize',
  ],
  ...[
    'limit',
    'skip',
    'sort',
    'projection',
    'arrayFilters',
    'upsert',
    'ordered',
    'maxTimeMS',
    'maxAwaitTimeMS',
    'timeoutMS',
  ],
  ...[
    'timeoutMode',
    'min',
    'max',
    'returnDocument',
    'returnKey',
    'explain',
    'cursor',
    'out',
    'w',
    'j',
    'wtimeout',
    'raw',
  ],
  ...[
    'promoteLongs',
    'promoteValues',
    'useBigInt64',
    'fieldsAsRaw',
    'ignoreUndefined',
    'serializeFunctions',
    'checkKeys',
  ],
  ...[
    'enableUtf8Validation',
    'bypassDocumentValidation',
    'forceServerObjectId',
    'allowDiskUse',
    'singleBatch',
    'name',
    'key',
  ],
  ...[
    'unique',
    'expireAfterSeconds',
    'partialFilterExpression',
    'nameOnly',
    'filter',
    'full',
    'scale',
    'dropTarget',
    'to',
  ],
  ...[
    'capped',
    'size',
    'validator',
    'timeseries',
    'clusteredIndex',
    'includeResultMetadata',
    'resumeAfter',
    'fullDocument',
  ],
];

/** A deadline of an odd kind may be none: tailable cursors wait for ever by design. */
const options = fc.oneof(
  { weight: 1, arbitrary: odd },
  {
    weight: 5,
    arbitrary: fc
      .dictionary(fc.constantFrom(...OPTIONS), odd, { minKeys: 1, maxKeys: 4 })
      .map((made) => () => Object.fromEntries(Object.entries(made).map(([name, make]) => [name, make()]))),
  },
);

const read = (cursor) => (typeof cursor?.toArray === 'function' ? cursor.toArray() : cursor);

/** What may be called, on what, and with how many arguments before the options. */
const CALLS = [
  ...[
    'insertOne',
    'insertMany',
    'bulkWrite',
    'find',
    'findOne',
    'deleteOne',
    'deleteMany',
    'findOneAndDelete',
  ].map(onThings(1)),
  ...[
    'countDocuments',
    'aggregate',
    'distinct',
    'createIndex',
    'createIndexes',
    'dropIndex',
    'rename',
    'indexExists',
  ].map(onThings(1)),
  ...['updateOne', 'updateMany', 'replaceOne', 'findOneAndUpdate', 'findOneAndReplace', 'distinct'].map(
    onThings(2),
  ),
  ...['estimatedDocumentCount', 'indexes', 'options', 'isCapped', 'count', 'listIndexes'].map(onThings(0)),
  ...[
    'command',
    'createCollection',
    'dropCollection',
    'aggregate',
    'listCollections',
    'runCursorCommand',
    'setProfilingLevel',
  ].map(onDatabase(1)),
  ...['stats', 'collections', 'profilingLevel'].map(onDatabase(0)),
  ['client.db', (name, given) => read(client.db(name, given).collection('things').find({}))],
  ['db.collection', (name, given) => read(client.db().collection(name, given).find({}))],
  [
    'initializeOrderedBulkOp',
    (what, given) => things().initializeOrderedBulkOp(given).insert(what).execute(given),
  ],
  [
    'bulk.find',
    (what, given) =>
      things().initializeUnorderedBulkOp().find(what).upsert().collation(given).updateOne(given).execute(),
  ],
  [
    'client.bulkWrite',
    (what, given) => client.bulkWrite([what, { name: 'insertOne', namespace: 'a.b', document: what }], given),
  ],
  ['startSession', async (what, given) => transact(client.startSession(given), what, given)],
  ['watch', (what, given) => closing(things().watch(what, given), (stream) => stream.tryNext())],
  [
    'a cursor’s methods',
    (what, given) => read(things().find(what).sort(given).limit(what).project(given).hint(what)),
  ],
  [
    'an aggregation’s methods',
    (what, given) => read(things().aggregate([]).match(what).project(given).maxTimeMS(what)),
  ],
  ['GridFS', (what, given) => upload(new mongo.GridFSBucket(client.db(), given), what, given)],
];

const things = () => client.db().collection('things');

function onThings(count) {
  return (method) => [method, (...given) => read(things()[method](...given.slice(2 - count)))];
}

function onDatabase(count) {
  return (method) => [`db.${method}`, (...given) => read(client.db()[method](...given.slice(2 - count)))];
}

async function transact(session, what, given) {
  try {
    session.startTransaction(given);
    await things().insertOne({ what }, { session });
    await session.abortTransaction();
  } finally {
    await session.endSession();
  }
}

async function closing(stream, use) {
  try {
    return await use(stream);
  } finally {
    await stream.close();
  }
}

function upload(bucket, what, given) {
  return new Promise((resolve, reject) => {
    const stream = bucket.openUploadStream(what, given);
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end('content');
  });
}

/** Each is a name, and what is called with two arguments and options. */
const input = fc.tuple(fc.constantFrom(...CALLS), argument, argument, options);

/** Whether it came to an end: how does not matter here. */
async function settles([[name, call], first, second, given], index) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, `${name} of input ${index} hangs`);
  });
  const ended = attempt(call, first, second, given).then(
    () => null,
    (error) => (error === undefined ? `${name} of input ${index} failed with nothing` : null),
  );
  const problem = await Promise.race([ended, late]);
  clearTimeout(timer);
  return problem;
}

async function attempt(call, ...makers) {
  const [first, second, given] = makers.map((make) => make());
  return await (call.length === 2 ? call(first, given) : call(first, second, given));
}

const surprises = [];
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => surprises.push(`${event}: ${error?.stack ?? String(error)}`));
}

async function main() {
  await client.db().dropDatabase();
  const inputs = fc.sample(input, { seed, numRuns: runs });
  const problems = [];
  let most = 0;
  for (let from = 0; from < runs; from += TOGETHER) {
    const some = inputs.slice(from, from + TOGETHER);
    problems.push(...(await Promise.all(some.map((each, at) => settles(each, from + at)))));
    most = Math.max(most, process.memoryUsage.rss());
  }
  const { ok } = await client.db().command({ ping: 1 });
  await client.db().dropDatabase();
  await client.close(true);
  const polluted = Object.keys(Object.prototype).length > 0 || {}.isAdmin !== undefined;
  const found = {
    problems: problems.filter((problem) => problem !== null),
    surprises,
    polluted,
    ok,
    mb: Math.round(most / MB),
  };
  process.stdout.write(JSON.stringify(found));
}

main();
