'use strict';

/**
 * Compares what the servers hold, as the official driver reads it from the primary with majority read concern, with what
 * the workload was told.
 * @param {import('mongoose').mongo.MongoClient} official
 * @param {import('./workload').Workload} workload
 */
async function verify(official, workload) {
  const ids = async (database, collection) => {
    const found = official
      .db(database)
      .collection(collection)
      .find({}, { readConcern: { level: 'majority' } });
    return new Set((await found.toArray()).map(({ _id }) => String(_id)));
  };
  const [first] = workload.databases;
  const missing = [];
  for (const [name, acknowledged] of workload.inserted) {
    missing.push(...difference(acknowledged, await ids(name, 'items')));
  }
  const pairs = await Promise.all(workload.databases.map((name) => ids(name, 'pairs')));
  for (const half of pairs) missing.push(...difference(workload.paired, half));
  const counters = await readCounters(official.db(first), workload.increments);
  return {
    missing: [...missing, ...counters.missing],
    duplicates: [...workload.timeline.errors.filter(({ error }) => error.code === 11000), ...counters.twice],
    torn: [...difference(pairs[0], pairs[1]), ...difference(pairs[1], pairs[0])],
    stream: streamFaults(workload, await ids(first, 'items')),
  };
}

const difference = (some, others) => [...some].filter((one) => !others.has(one));

/** An increment that failed may have happened; one that was acknowledged did, once. */
async function readCounters(db, increments) {
  const [missing, twice] = [[], []];
  const found = await db
    .collection('counters')
    .find({}, { readConcern: { level: 'majority' } })
    .toArray();
  const stored = new Map(found.map(({ _id, n }) => [String(_id), n]));
  for (const [worker, { acknowledged, failed }] of increments) {
    const n = stored.get(worker) ?? 0;
    if (n < acknowledged) missing.push(`${acknowledged - n} increments of ${worker}`);
    if (n > acknowledged + failed) twice.push(`${n - acknowledged - failed} increments of ${worker}`);
  }
  return { missing, twice };
}

/** Every insert once, in the order of the servers' clock. */
function streamFaults({ events, streamErrors }, stored) {
  const heard = new Set(events.map(({ id }) => id));
  const faults = difference(stored, heard).map((id) => `no event for ${id}`);
  if (heard.size !== events.length) faults.push(`${events.length - heard.size} events came twice`);
  const disorder = events.filter(({ time }, index) => index > 0 && time.lessThan(events[index - 1].time));
  if (disorder.length > 0) faults.push(`${disorder.length} events out of order`);
  return [...faults, ...streamErrors.map((error) => `the stream failed: ${error.message}`)];
}

module.exports = { verify };
