'use strict';

const { setTimeout: sleep } = require('node:timers/promises');

const SECOND = 1000;

/**
 * @typedef {{cluster: import('./cluster').Cluster, appName: string, short: boolean}} Stage
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {boolean} [proxied] needs the proxies
 * @property {(stage: Stage) => Promise<{writable?: number} | void>} fault what happens; `writable` is when the set had
 *   another primary that took writes: stalls are measured from there
 * @property {number} [errors] how many the application may see; unbounded when absent
 * @property {number} [stallMS] the longest time in which nothing is acknowledged
 * @property {number} [slowestMS] the longest that any operation may take
 */

/** @type {Scenario[]} */
const scenarios = [
  {
    name: 'sigkill',
    title: 'primary killed (SIGKILL), later restarted',
    errors: 0,
    async fault({ cluster, short }) {
      const { index } = await cluster.primary();
      await cluster.set.members[index].kill();
      await cluster.primary(index);
      if (!short) await sleep(2 * SECOND);
      await cluster.set.members[index].restart();
      await cluster.whole();
    },
  },
  {
    name: 'stepdown',
    title: 'primary steps down, five times',
    errors: 0,
    async fault({ cluster }) {
      for (let turn = 0; turn < 5; turn++) {
        const { index } = await cluster.primary();
        await cluster.admin(index).command({ replSetStepDown: 3, secondaryCatchUpPeriodSecs: 2 });
        await cluster.primary(index);
        // Until the one before may be elected again, or nobody could take over next time.
        await sleep(2 * SECOND);
      }
      await cluster.whole();
    },
  },
  {
    name: 'sigstop',
    title: 'primary silent (SIGSTOP) for 8 s',
    slowestMS: 3500,
    async fault({ cluster }) {
      const { index } = await cluster.primary();
      const awake = sleep(8 * SECOND);
      cluster.set.members[index].pause();
      const writable = await cluster.writable(index);
      await awake;
      cluster.set.members[index].resume();
      await cluster.whole();
      return { writable };
    },
  },
  {
    name: 'close-tenth',
    title: 'connection closed at every tenth command',
    async fault({ cluster, appName }) {
      const end = await cluster.fail(
        { activationProbability: 0.1 },
        { failCommands: COMMANDS, closeConnection: true, appName },
      );
      await sleep(5 * SECOND);
      await end();
    },
  },
  {
    name: 'close-150ms',
    title: 'connection closed every 150 ms',
    errors: 0,
    stallMS: 700,
    async fault({ cluster, appName, short }) {
      const deadline = performance.now() + (short ? 1.5 : 5) * SECOND;
      const closeOne = { failCommands: COMMANDS, closeConnection: true, appName };
      let end;
      while (performance.now() < deadline) {
        end = await cluster.fail({ times: 1 }, closeOne);
        await sleep(150);
      }
      await end?.();
    },
  },
  {
    name: 'rst',
    title: 'RST of all connections, ten times',
    proxied: true,
    errors: 11,
    async fault({ cluster, short }) {
      for (let turn = 0; turn < (short ? 3 : 10); turn++) {
        for (const proxy of cluster.proxies) proxy.reset();
        await sleep(300);
      }
      await cluster.whole();
    },
  },
  {
    name: 'half-close',
    title: 'half-close of all connections, ten times',
    proxied: true,
    errors: 12,
    async fault({ cluster, short }) {
      for (let turn = 0; turn < (short ? 3 : 10); turn++) {
        for (const proxy of cluster.proxies) proxy.halfClose();
        await sleep(300);
      }
      await cluster.whole();
    },
  },
  {
    name: 'black-hole',
    title: 'nothing gets through to the primary for 6 s',
    proxied: true,
    async fault({ cluster }) {
      const { index } = await cluster.primary();
      const over = sleep(6 * SECOND);
      cluster.proxies[index].blackHole();
      const writable = await cluster.writable(index);
      await over;
      cluster.proxies[index].forward();
      await cluster.whole();
      return { writable };
    },
  },
  {
    name: 'refused',
    title: "primary's port refuses for 5 s",
    proxied: true,
    async fault({ cluster }) {
      const { index } = await cluster.primary();
      await cluster.proxies[index].refuse();
      await sleep(5 * SECOND);
      await cluster.proxies[index].listen();
      await cluster.whole();
    },
  },
  {
    name: 'cut',
    title: 'all connections cut in mid-message, ten times',
    proxied: true,
    async fault({ cluster }) {
      for (let turn = 0; turn < 10; turn++) {
        for (const proxy of cluster.proxies) proxy.cut(turn % 2 === 0 ? 'reply' : 'request');
        await sleep(300);
      }
      await cluster.whole();
    },
  },
];

/** What the workload sends. */
const COMMANDS = [
  ...['insert', 'update', 'find', 'getMore', 'aggregate'],
  ...['commitTransaction', 'abortTransaction'],
];

module.exports = { scenarios };
