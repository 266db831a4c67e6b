'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { createWrapper } = require('../..');

const SAMPLE_EVERY_MS = 50;
const SLOW_QUERY = { $where: 'sleep(250) || true' };

/**
 * Counts an application's sockets as the server sees them. A driver also keeps sockets on which it only asks how the
 * server is doing. The server lists those under the same name, so they are told apart by what they do while every
 * socket for operations is kept busy.
 *
 * @param {string} mongoURI
 * @param {string} appName the application to look at
 */
function observeSockets(mongoURI, appName) {
  const observer = createWrapper({
    mongoURI,
    appName: `${appName}-observer`,
    maxPoolSize: 1,
    allowSystemDatabases: true,
  });
  const pipeline = [{ $currentOp: { allUsers: true, idleConnections: true } }, { $match: { appName } }];
  const samples = [];

  /** @returns {Promise<{id: number, busy: boolean}[]>} */
  async function look() {
    const { connection } = await observer.connect();
    const { cursor } = await connection.db
      .admin()
      .command({ aggregate: 1, pipeline, cursor: { batchSize: 1_000 } });
    const found = cursor.firstBatch.map(({ connectionId, active, command = {} }) => ({
      id: connectionId,
      busy: active && !('hello' in command || 'isMaster' in command || 'ismaster' in command),
    }));
    samples.push(found.map(({ id }) => id));
    return found;
  }

  return {
    /** Looks again and again while `work` runs. */
    async during(work, seen = () => {}) {
      let working = true;
      const looking = async () => {
        for (; working; await sleep(SAMPLE_EVERY_MS)) seen(await look());
      };
      const ended = work().finally(() => {
        working = false;
      });
      await Promise.all([ended, looking()]);
    },

    /**
     * @param {any} TenantCity a model with at least one document
     * @param {number} poolSize
     * @returns {Promise<{operations: number, monitoring: number}>} `operations`: the most at any one time
     */
    async count(TenantCity, poolSize) {
      const busy = new Set();
      const queries = Array.from({ length: poolSize * 3 }, () => TenantCity.findOne(SLOW_QUERY).lean());
      let latest = [];
      await this.during(
        () => Promise.all(queries),
        (sockets) => {
          latest = sockets;
          for (const { id } of sockets.filter((socket) => socket.busy)) busy.add(id);
        },
      );
      const monitoring = new Set(latest.map(({ id }) => id).filter((id) => !busy.has(id)));
      const operations = Math.max(...samples.map((ids) => ids.filter((id) => !monitoring.has(id)).length));
      return { operations, monitoring: monitoring.size };
    },

    close: () => observer.closeAll(),
  };
}

module.exports = { observeSockets };
