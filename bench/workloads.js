const { makeDocument } = require('./document');

const TENANTS = 200;

/**
 * What is measured. `run(context, i)` is one operation; `context` = {User (model of the bench database), ids, tenant(k)}.
 * `operations` is the count of a full round; `--quick` takes a tenth.
 */
const workloads = [
  {
    name: 'findOne lean',
    concurrency: 64,
    operations: 20000,
    run: ({ User, ids }, i) => User.findOne({ _id: pick(ids, i) }).lean(),
  },
  {
    name: 'findOne lean, one at a time',
    concurrency: 1,
    operations: 4000,
    run: ({ User, ids }, i) => User.findOne({ _id: pick(ids, i) }).lean(),
  },
  {
    name: 'findOne hydrated',
    concurrency: 64,
    operations: 15000,
    run: ({ User, ids }, i) => User.findOne({ _id: pick(ids, i) }),
  },
  {
    name: 'driver findOne',
    concurrency: 64,
    operations: 20000,
    run: ({ User, ids }, i) => User.collection.findOne({ _id: pick(ids, i) }),
  },
  {
    name: 'find 20 lean',
    concurrency: 64,
    operations: 8000,
    run: ({ User }) =>
      User.find({ age: { $gte: 10 } })
        .limit(20)
        .lean(),
  },
  {
    name: 'find 20 hydrated',
    concurrency: 16,
    operations: 4000,
    run: ({ User }) => User.find({ age: { $gte: 10 } }).limit(20),
  },
  { name: 'find 10,000 lean', concurrency: 1, operations: 30, run: ({ User }) => User.find({}).lean() },
  {
    name: 'aggregate match + group',
    concurrency: 16,
    operations: 1500,
    run: ({ User }) =>
      User.aggregate([
        { $match: { age: { $gte: 30 } } },
        { $group: { _id: '$age', n: { $sum: 1 }, score: { $avg: '$score' } } },
      ]),
  },
  {
    name: 'driver insertOne',
    concurrency: 64,
    operations: 15000,
    writes: true,
    run: ({ Scratch }, i) => Scratch.collection.insertOne(makeDocument(i)),
  },
  {
    name: 'create',
    concurrency: 64,
    operations: 10000,
    writes: true,
    run: ({ Scratch }, i) => Scratch.create(makeDocument(i)),
  },
  {
    name: 'insertMany 1,000 lean',
    concurrency: 1,
    operations: 60,
    writes: true,
    run: ({ Scratch }) =>
      Scratch.insertMany(
        Array.from({ length: 1000 }, (_, k) => makeDocument(k)),
        { lean: true },
      ),
  },
  {
    name: 'updateOne',
    concurrency: 64,
    operations: 15000,
    run: ({ User, ids }, i) => User.updateOne({ _id: pick(ids, i) }, { $set: { age: i % 90 } }),
  },
  {
    name: 'bulkWrite 500 updateOne',
    concurrency: 1,
    operations: 60,
    run: ({ User, ids }, i) =>
      User.bulkWrite(
        Array.from({ length: 500 }, (_, k) => ({
          updateOne: { filter: { _id: pick(ids, i * 500 + k) }, update: { $set: { age: k % 90 } } },
        })),
      ),
  },
  {
    name: 'findOne lean, 200 tenants',
    concurrency: 64,
    operations: 20000,
    run: ({ tenant, ids }, i) =>
      tenant(i % TENANTS)
        .findOne({ _id: pick(ids, i) })
        .lean(),
  },
];

/** Spreads over the collection without the regularity of i % n. */
function pick(ids, i) {
  return ids[(i * 7919) % ids.length];
}

module.exports = { TENANTS, workloads };
