'use strict';

const { TopologyDescription } = require('../protocol/topology-description');

/** The official driver's events by the engine's. */
const SOURCES = new Map([
  ['topologyDescriptionChanged', 'topology'],
  ['serverDescriptionChanged', 'topology'],
  ['serverHeartbeatStarted', 'heartbeat'],
  ['serverHeartbeatSucceeded', 'heartbeat'],
  ['serverHeartbeatFailed', 'heartbeat'],
  ['commandStarted', 'command'],
  ['commandSucceeded', 'command'],
  ['commandFailed', 'command'],
  ['connectionPoolCreated', 'poolOpened'],
  ['connectionPoolClosed', 'poolClosed'],
]);

/** Brings the engine's events to one client's listeners, under the names and in the shapes of the official driver. */
class EventRelay {
  /** @param {import('./client').MongoClient} client */
  constructor(client) {
    this.client = client;
    this.description = client.topology.description;
    /** @type {Map<string, (event: any) => void>} */
    this.listeners = new Map();
  }

  /** @param {string | symbol} event */
  static knows(event) {
    return typeof event === 'string' && SOURCES.has(event);
  }

  /** @param {string | symbol} event */
  follow(event) {
    const source = /** @type {string} */ (SOURCES.get(/** @type {string} */ (event)));
    if (this.listeners.has(source)) return;
    const listener = (/** @type {any} */ given) => this.pass(source, given);
    this.listeners.set(source, listener);
    this.client.s.engine.on(source, listener);
  }

  /**
   * @param {string} source
   * @param {any} given
   */
  pass(source, given) {
    if (!this.isHeard(source)) return this.leave(source);
    if (source === 'topology') return this.passTopology(given);
    const { name, type, ...details } = given;
    this.client.emit(
      source === 'command' || source === 'heartbeat' ? (name ?? type) : EVENT_OF.get(source),
      details,
    );
  }

  /** @param {string} source */
  isHeard(source) {
    for (const [event, from] of SOURCES)
      if (from === source && this.client.listenerCount(event) > 0) return true;
    return false;
  }

  /** @param {string} source */
  leave(source) {
    const listener = this.listeners.get(source);
    if (listener === undefined) return;
    this.listeners.delete(source);
    this.client.s.engine.off(source, listener);
  }

  /** @param {any} topology */
  passTopology(topology) {
    const before = this.description;
    this.description = new TopologyDescription(topology, this.client.s.options.heartbeatFrequencyMS);
    for (const [address, server] of this.description.servers) {
      const previous = before.servers.get(address);
      if (previous?.type === server.type && previous?.error?.message === server.error?.message) continue;
      this.client.emit('serverDescriptionChanged', {
        address,
        previousDescription: previous ?? null,
        newDescription: server,
      });
    }
    this.client.emit('topologyDescriptionChanged', {
      previousDescription: before,
      newDescription: this.description,
    });
  }
}

const EVENT_OF = new Map([
  ['poolOpened', 'connectionPoolCreated'],
  ['poolClosed', 'connectionPoolClosed'],
]);

exports.EventRelay = EventRelay;
