'use strict';

// What is asked of polymongo, as ratios to Mongoose's useDb() on the official driver in the same run.
// `npm run bench -- --assert` holds a run against it.

/** Least throughput, and how many times less main-thread time, by workload. */
const workloads = {
  'findOne lean': { throughput: 1.8, mainThread: 4.5, ofLimit: 0.75 },
  'findOne lean, one at a time': { throughput: 1, mainThread: 2.5 },
  'findOne hydrated': { throughput: 1.7, mainThread: 3.5 },
  'driver findOne': { throughput: 1.8, mainThread: 5, ofLimit: 0.75 },
  'find 20 lean': { throughput: 2.4, mainThread: 4, ofLimit: 0.55 },
  'find 20 hydrated': { throughput: 1.5, mainThread: 2 },
  'find 10,000 lean': { throughput: 3, mainThread: 7 },
  'find 10,000 as JSON': { throughput: 5, mainThread: 50 },
  'aggregate match + group': { throughput: 0.95, mainThread: 5 },
  'driver insertOne': { throughput: 1, mainThread: 4, ofLimit: 0.9 },
  create: { throughput: 1.2, mainThread: 4 },
  'insertMany 1,000 lean': { throughput: 1, mainThread: 3, ofLimit: 0.9 },
  updateOne: { throughput: 1.1, mainThread: 4, ofLimit: 0.9 },
  'bulkWrite 500 updateOne': { throughput: 1, mainThread: 1.3, ofLimit: 0.9 },
  'findOne lean, 200 tenants': { throughput: 1.8, mainThread: 4.5 },
};

/** The most that each of these may be. */
const process = {
  'require beyond Mongoose, ms': 15,
  'stripped addon, MB': 8,
  'heap per tenant, 1 model, KiB': 2,
  'heap per tenant, 10 models, KiB': 16,
  '.db() of a known tenant, µs': 0.3,
  '.db() of a new tenant, µs': 25,
  // Memory is flat: what is resident after a million operations, by what was after the first fifth.
  'resident after 1,000,000 operations, ratio': 1.1,
};

/**
 * @param {{workloads: object[], process: {name: string, value: number}[]}} results of one Mongoose version
 * @returns {string[]} what falls short, one line each
 */
function shortfalls(results) {
  const lines = [];
  for (const row of results.workloads) {
    const asked = workloads[row.name];
    for (const [key, least] of Object.entries(asked))
      if (row[key] !== null && row[key] < least)
        lines.push(`${row.name}: ${key} ${row[key].toFixed(2)}, asked for at least ${least}`);
  }
  for (const { name, value } of results.process)
    if (value > process[name]) lines.push(`${name}: ${value.toFixed(2)}, asked for at most ${process[name]}`);
  return lines;
}

module.exports = { shortfalls };
