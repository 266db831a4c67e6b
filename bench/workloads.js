'use strict';

const { makeDocument } = require('./document');

const TENANTS = 200;
/** How many documents each of them has: the first ones of the collection. */
const TENANT_DOCUMENTS = 50;

/**
 * What is measured. `run(context, i)` is one operation; `context` is `{User, Scratch, ids, tenant(k), json(query)}`:
 * models of the database that was filled, its ids, the model of a tenant's database, and the peer's way from a query
 * to JSON. Workloads with `writes` begin with an empty scratch collection.
 */
const workloads = [
  {
    name: 'findOne lean',
    concurrency: 64,
    run: ({ User, ids }, i) => User.findOne({ _id: pick(ids, i) }).lean(),
  },
  {
    name: 'findOne lean, one at a time',
    concurrency: 1,
    run: ({ User, ids }, i) => User.findOne({ _id: pick(ids, i) }).lean(),
  },
  {
    name: 'findOne hydrated',
    concurrency: 64,
    run: ({ User, ids }, i) => User.findOne({ _id: pick(ids, i) }),
  },
  {
    name: 'driver findOne',
    concurrency: 64,
    run: ({ User, ids }, i) => User.collection.findOne({ _id: pick(ids, i) }),
  },
  {
    name: 'find 20 lean',
    concurrency: 64,
    run: ({ User }) =>
      User.find({ age: { $gte: 10 } })
        .limit(20)
        .lean(),
  },
  {
    name: 'find 20 hydrated',
    concurrency: 16,
    run: ({ User }) => User.find({ age: { $gte: 10 } }).limit(20),
  },
  { name: 'find 10,000 lean', concurrency: 1, run: ({ User }) => User.find({}).lean() },
  { name: 'find 10,000 as JSON', concurrency: 1, run: ({ User, json }) => json(User.find({})) },
  {
    name: 'aggregate match + group',
    concurrency: 16,
    run: ({ User }) =>
      User.aggregate([
        { $match: { age: { $gte: 30 } } },
        { $group: { _id: '$age', n: { $sum: 1 }, score: { $avg: '$score' } } },
      ]),
  },
  {
    name: 'driver insertOne',
    concurrency: 64,
    writes: true,
    run: ({ Scratch }, i) => Scratch.collection.insertOne(makeDocument(i)),
  },
  {
    name: 'create',
    concurrency: 64,
    writes: true,
    run: ({ Scratch }, i) => Scratch.create(makeDocument(i)),
  },
  {
    name: 'insertMany 1,000 lean',
    concurrency: 1,
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
    run: ({ User, ids }, i) => User.updateOne({ _id: pick(ids, i) }, { $set: { age: i % 90 } }),
  },
  {
    name: 'bulkWrite 500 updateOne',
    concurrency: 1,
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
    run: ({ tenant, ids }, i) =>
      tenant(i % TENANTS)
        .findOne({ _id: pick(ids, i, TENANT_DOCUMENTS) })
        .lean(),
  },
];

/** Spreads over the collection, or the first ones of it, without the regularity of i % n. */
function pick(ids, i, first = ids.length) {
  return ids[(i * 7919) % first];
}

module.exports = { TENANT_DOCUMENTS, TENANTS, workloads };
