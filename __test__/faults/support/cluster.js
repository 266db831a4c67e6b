'use strict';

const net = require('node:net');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const mongoose = require('../../support/mongoose');
const { startReplicaSet } = require('../../../scripts/replica-set');
const { TcpProxy } = require('./tcp-proxy');

const NODES = 3;
/** As short as the measurements that the bounds come from had it; a set's own default is 10 s. */
const SETTINGS = { electionTimeoutMillis: 2000 };
/** An election, a restart with recovery. */
const PATIENCE_MS = 60_000;

/** A replica set of three real servers, each behind a proxy when `proxied`, and the official driver to look at it with. */
class Cluster {
  /** @type {TcpProxy[]} */
  proxies = [];

  /** @param {{proxied: boolean}} options */
  static async start({ proxied }) {
    const cluster = new Cluster();
    let behind = [];
    if (proxied) {
      const ports = await freePorts(NODES);
      cluster.proxies = await Promise.all(ports.map((port) => new TcpProxy(port).listen()));
      behind = cluster.proxies.map((proxy, index) => ({
        port: ports[index],
        host: `127.0.0.1:${proxy.port}`,
      }));
    }
    cluster.set = await startReplicaSet({ nodes: NODES, settings: SETTINGS, behind });
    cluster.uri = cluster.set.uri;
    // Straight to the servers: what it sees is not to suffer.
    cluster.direct = cluster.set.members.map(
      ({ port }) => new mongoose.mongo.MongoClient(`mongodb://127.0.0.1:${port}`, { directConnection: true }),
    );
    return cluster;
  }

  /** Which member says that it is the primary, of those that answer; -1 for none. */
  async primaryNow(except = -1) {
    const said = this.direct.map((client, index) =>
      index === except ? false : answers(client).then((hello) => hello?.isWritablePrimary ?? false),
    );
    return (await Promise.all(said)).indexOf(true);
  }

  /** Waits for a primary that is not `except`, and for when it was seen. */
  async primary(except = -1) {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const index = await this.primaryNow(except);
      if (index >= 0) return { index, at: performance.now() };
      await sleep(25);
    }
    throw new Error('The replica set has no primary');
  }

  /**
   * Waits until the set has elected another primary than `before`, and until that acknowledges a write: a secondary that
   * read from the lost one needs a while to find it. Resolves with when that was.
   */
  async writable(before) {
    const { index } = await this.primary(before);
    const probes = this.direct[index].db('faults_probe').collection('probes');
    await probes.insertOne({}, { writeConcern: { w: 'majority' } });
    return performance.now();
  }

  /** Waits until every member is the primary or a secondary again. */
  async whole() {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const hellos = await Promise.all(this.direct.map(answers));
      const primaries = hellos.filter((hello) => hello?.isWritablePrimary).length;
      if (primaries === 1 && hellos.every((hello) => hello?.isWritablePrimary || hello?.secondary)) return;
      await sleep(50);
    }
    throw new Error('The replica set did not come together again');
  }

  admin(index) {
    return this.direct[index].db('admin');
  }

  /** Lets commands of the application `appName` fail on the primary; resolves with what ends it. */
  async fail(mode, data) {
    const { index } = await this.primary();
    await this.admin(index).command({ configureFailPoint: 'failCommand', mode, data });
    return () => this.admin(index).command({ configureFailPoint: 'failCommand', mode: 'off' });
  }

  async stop() {
    await Promise.all((this.direct ?? []).map((client) => client.close(true)));
    // Nobody needs their data any more.
    await Promise.all(this.set.members.map((member) => member.kill()));
    await this.set.stop();
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}

/** What a server says of itself; null when it does not answer. */
async function answers(client) {
  const silence = sleep(250, null, { ref: false });
  return Promise.race([client.db('admin').command({ hello: 1 }), silence]).catch(() => null);
}

async function freePorts(count) {
  const listeners = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  const ports = listeners.map((listener) => /** @type {net.AddressInfo} */ (listener.address()).port);
  await Promise.all(listeners.map((listener) => once(listener.close(), 'close')));
  return ports;
}

module.exports = { Cluster };
