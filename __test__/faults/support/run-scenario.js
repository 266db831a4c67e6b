'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const mongoose = require('../../support/mongoose');
const { createWrapper } = require('../../..');
const { verify } = require('./verify');
const { Workload } = require('./workload');

/** Before the fault; after it, what a client may take to notice; and the time in which all has to be well. */
const TIMES = { before: 1000, recovery: 2000, after: 2000 };
const SHORT_TIMES = { before: 500, recovery: 1500, after: 500 };

/**
 * Lets one thing happen to a cluster while an application works on it.
 * @param {import('./cluster').Cluster} cluster
 * @param {import('./scenarios').Scenario} scenario
 * @param {{short?: boolean, options?: object}} [settings] `options` are the wrapper's
 */
async function runScenario(cluster, scenario, { short = false, options = {} } = {}) {
  await cluster.whole();
  const { before, recovery, after } = short ? SHORT_TIMES : TIMES;
  const appName = `faults ${scenario.name}`;
  const wrapper = createWrapper({
    mongoURI: cluster.uri,
    appName,
    handleSignals: false,
    sharePool: false,
    ...options,
  });
  const workload = new Workload(wrapper, `faults_${scenario.name}`);
  const official = new mongoose.mongo.MongoClient(cluster.uri);
  try {
    await workload.start();
    await sleep(before);
    const happened = (await scenario.fault({ cluster, appName, short })) ?? {};
    await sleep(recovery);
    const well = performance.now();
    await sleep(after);
    await workload.stop();
    const last = 'the last document';
    await workload.models.Item.db(workload.databases[0]).create({ _id: last });
    await workload.hears(last);
    const found = await verify(official, workload);
    const measured = measure(workload, found, { well, since: happened.writable });
    return { ...measured, broken: broken(scenario, measured) };
  } finally {
    await workload.close();
    for (const name of workload.databases) await official.db(name).dropDatabase();
    await wrapper.forceCloseAll();
    await official.close(true);
  }
}

function measure({ timeline, cursors, events, hung }, found, { well, since }) {
  const late = timeline.errors.filter(({ at }) => at >= well);
  return {
    operations: timeline.operations,
    errors: timeline.errors.map(({ error }) => error),
    missing: found.missing,
    duplicates: found.duplicates.map((one) => one.error?.message ?? one),
    torn: found.torn,
    hung,
    stallMS: Math.round(timeline.longestStall(since)),
    slowest: timeline.slowest(since),
    recovered: late.length === 0 && timeline.acknowledgedSince(well) > 0,
    events: events.length,
    stream: found.stream,
    cursors,
  };
}

/** In words, which bounds were broken. */
function broken(scenario, measured) {
  const { errors, missing, duplicates, torn, hung, stallMS, slowest, recovered, stream, cursors } = measured;
  const lists = { missing, duplicates, torn, hung, 'change stream': stream, cursors: cursors.wrong };
  const said = Object.entries(lists)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}: ${list.slice(0, 3).join(', ')}${list.length > 3 ? '…' : ''}`);
  if (!recovered) said.push('not recovered');
  if (errors.length > (scenario.errors ?? Number.POSITIVE_INFINITY)) {
    said.push(`${errors.length} errors, at most ${scenario.errors} are allowed`);
  }
  if (stallMS > (scenario.stallMS ?? Number.POSITIVE_INFINITY)) {
    said.push(`a stall of ${stallMS} ms, at most ${scenario.stallMS} ms are allowed`);
  }
  if (slowest.ms > (scenario.slowestMS ?? Number.POSITIVE_INFINITY)) {
    said.push(
      `a stall of ${Math.round(slowest.ms)} ms for one, at most ${scenario.slowestMS} ms are allowed`,
    );
  }
  return said;
}

module.exports = { runScenario };
