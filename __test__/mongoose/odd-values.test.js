'use strict';

const { openTenants, uri } = require('../support/tenants');
const { oddValues } = require('../driver/support/odd-values');

const ON_MONGOOSE_8 = process.env.POLYMONGO_MONGOOSE === '8';
const foreign = require(ON_MONGOOSE_8 ? 'mongoose' : 'mongoose8').mongo;

/**
 * Mongoose casts updates in time that grows with the cube of their levels: minutes for 1,000, with any driver. And it
 * prints promises in its errors, with numbers that are no promise's twice. What throws while Mongoose 8 copies it for
 * insertMany() is an uncaught exception, and the call never settles: again with any driver.
 */
const LEFT_OUT = ON_MONGOOSE_8 ? /levels|^a promise$|^a (proxy|getter) that throws$/ : /levels|^a promise$/;

const tenants = openTenants('odd_models');
const { base, wrapper, name: databaseOf } = tenants;
const schema = new base.Schema({ _id: String, v: {} }, { strict: false, minimize: false });
const Own = base.model('Thing', schema);
const VALUES = oddValues(base.mongo.BSON, foreign.BSON).filter(([name]) => !LEFT_OUT.test(name));

/** One model on Mongoose's own driver and, wrapped, on ours, each in a database of its own. */
const sides = [
  { name: databaseOf('ours'), Thing: wrapper.wrapModel(Own).db(databaseOf('ours')) },
  { name: databaseOf('their'), Thing: Own },
];

beforeAll(async () => {
  await tenants.clear();
  await base.connect(uri, { dbName: databaseOf('their') });
});

afterAll(async () => {
  await base.disconnect();
  await tenants.close();
});

async function outcome(run, side, value, id) {
  try {
    const came = await run(side.Thing, value, id);
    return JSON.stringify(came, (_key, part) => (typeof part === 'bigint' ? `${part}n` : part));
  } catch (error) {
    const told = `${error.name} ${error.code}: ${error.message}`;
    // Which of a revoked proxy's properties is asked for first is nobody's business.
    return told.replaceAll(side.name, 'DB').replace(/Cannot perform '\w+' on a proxy/, 'Cannot use a proxy');
  }
}

/** What the server says of too many levels, ours says before: docs/decisions/0003-inputs.md. */
const REFUSED_HERE = /deeper than the 200 levels/;

const BULKS = ['insertMany', 'bulkWrite'];
const CYCLE = 'BSONError undefined: Cannot convert circular structure to BSON';

/** Whether both mean the same error, which differs on purpose: docs/decisions/0003-inputs.md. */
function isMeant(how, mine, theirs) {
  if (REFUSED_HERE.test(mine)) return true;
  if (!ON_MONGOOSE_8 || !BULKS.includes(how)) return false;
  // The driver of Mongoose 8 calls what cannot be encoded an error of the bulk, and cycles in one are too much for it.
  if (mine === CYCLE && theirs === 'RangeError undefined: Maximum call stack size exceeded') return true;
  return mine.replace(/^(BSON|BSONVersion|Type)Error /, 'MongoBulkWriteError ') === theirs;
}

test.each([
  ['create', (Thing, v, _id) => Thing.create({ _id, v }).then(() => {})],
  ['insertMany', (Thing, v, _id) => Thing.insertMany([{ _id: `many ${_id}`, v }]).then(() => {})],
  [
    'find',
    (Thing, v) =>
      Thing.find({ v: { $eq: v } })
        .sort('_id')
        .lean(),
  ],
  ['findOne by its id', (Thing, v) => Thing.findOne({ _id: v }).lean()],
  ['updateOne', (Thing, v, _id) => Thing.updateOne({ _id }, { $set: { w: v } })],
  [
    'findOneAndUpdate',
    (Thing, v, _id) => Thing.findOneAndUpdate({ _id }, { x: v }, { returnDocument: 'after' }).lean(),
  ],
  [
    'bulkWrite',
    (Thing, v, _id) =>
      Thing.bulkWrite([{ updateOne: { filter: { _id }, update: { $set: { y: v } } } }]).then(() => {}),
  ],
  ['aggregate', (Thing, v) => Thing.aggregate([{ $match: { v: { $eq: v } } }, { $sort: { _id: 1 } }])],
])(
  'odd values through Mongoose: %s',
  async (how, run) => {
    const different = [];
    for (const [name, make] of VALUES) {
      const [mine, theirs] = await Promise.all(sides.map((side) => outcome(run, side, make(), name)));
      if (mine !== theirs && !isMeant(how, mine, theirs)) different.push({ name, mine, theirs });
    }
    expect(different).toEqual([]);
  },
  30_000,
);

test('what was stored is the same, byte for byte', async () => {
  const [mine, theirs] = await Promise.all(
    sides.map(async ({ Thing }) => {
      const stored = await Thing.collection.find({}, { raw: true, sort: { _id: 1 } }).toArray();
      return stored.map((bytes) => bytes.toString('hex'));
    }),
  );
  expect(mine.length).toBeGreaterThan(50);
  expect(mine).toEqual(theirs);
});
