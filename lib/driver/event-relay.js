'use strict';

const { TopologyDescription } = require('../protocol/topology-description');

/** The official driver's events by the engine's. */
const SOURCES = new Map([
  ['topologyDescriptionChanged', 'topology'],
  ['serverDescriptionChanged', 'topology'],
  ['serverHeartbeatSucceeded', 'heartbeat'],
  ['serverHeartbeatFailed', 'heartbeat'],
  ['commandStarted', 'command'],
  ['commandSucceeded', 'command'],
  ['commandFailed', 'command'],
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
    if (!this.isHeard(source)) this.leave(source);
    else if (source === 'topology') this.passTopology(given);
    else if (source === 'command') this.passCommand(given);
    else this.passHeartbeat(given);
  }

  /** @param {string} source */
  isHeard(source) {
    for (const [event, from] of SOURCES)
      if (from === source && this.client.listenerCount(event) > 0) return true;
    return false;
  }

  /**
   * The last listener is gone: the engine must not hold the client for nothing.
   * @param {string} source
   */
  leave(source) {
    const listener = this.listeners.get(source);
    if (listener === undefined) return;
    this.listeners.delete(source);
    this.client.s.engine.off(source, listener);
  }

  /** @param {any} given */
  passCommand({ name, type, pool, connectionId, serverConnectionId, failure, ...details }) {
    const event = { address: connectionId, connectionId: serverConnectionId, ...details };
    this.tell(name, failure === undefined ? event : { ...event, failure: new Error(failure) });
  }

  /** @param {any} given */
  passHeartbeat({ address, durationMS, error }) {
    const event = { connectionId: address, duration: durationMS };
    if (error === undefined) this.tell('serverHeartbeatSucceeded', event);
    else this.tell('serverHeartbeatFailed', { ...event, failure: new Error(error) });
  }

  /**
   * Events are of the official driver's classes: listeners go by their names.
   * @param {string} name
   * @param {object} details
   */
  tell(name, details) {
    const Event = this.client.s.codec.mongo[`${name[0].toUpperCase()}${name.slice(1)}Event`];
    this.client.emit(name, Object.assign(Object.create(Event.prototype), details));
  }

  /** @param {any} topology */
  passTopology(topology) {
    const before = this.description;
    this.description = new TopologyDescription(topology, this.client.s.options.heartbeatFrequencyMS);
    for (const [address, server] of this.description.servers) {
      const previous = before.servers.get(address);
      if (previous?.type === server.type && previous.error?.message === server.error?.message) continue;
      this.tell('serverDescriptionChanged', {
        address,
        previousDescription: previous ?? null,
        newDescription: server,
      });
    }
    this.tell('topologyDescriptionChanged', {
      previousDescription: before,
      newDescription: this.description,
    });
  }
}

exports.EventRelay = EventRelay;
