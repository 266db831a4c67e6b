'use strict';

const { SOURCES, monitoringEvent } = require('../protocol/monitoring-events');

/** Brings the engine's events to one client's listeners, under the names and in the shapes of the official driver. */
class EventRelay {
  /** @param {import('./client').MongoClient} client */
  constructor(client) {
    this.client = client;
    /** @type {Map<string, (event: any, payload: Buffer) => void>} */
    this.listeners = new Map();
    /** The databases of the commands under way: their ends do not name them. @type {Map<number, string>} */
    this.databases = new Map();
  }

  /** @param {string | symbol} event */
  static knows(event) {
    return typeof event === 'string' && SOURCES.has(event);
  }

  /** @param {string | symbol} event */
  follow(event) {
    const source = /** @type {string} */ (SOURCES.get(/** @type {string} */ (event)));
    if (this.listeners.has(source)) return;
    const listener = (/** @type {any} */ given, /** @type {Buffer} */ payload) =>
      this.pass(source, given, payload);
    this.listeners.set(source, listener);
    this.client.s.engine.on(source, listener);
  }

  /**
   * @param {string} source
   * @param {any} event
   * @param {Buffer} payload
   */
  pass(source, event, payload) {
    if (!this.isHeard(source)) return this.leave(source);
    const known = source === 'command' ? { ...event, databaseName: this.databaseOf(event) } : event;
    if (this.client.listenerCount(event.name) === 0 || !this.concerns(event)) return;
    const { codec, options } = this.client.s;
    this.client.emit(event.name, monitoringEvent({ codec, event: known, payload, options }));
  }

  /** @param {any} event */
  databaseOf({ name, requestId, databaseName }) {
    if (name === 'commandStarted') {
      this.databases.set(requestId, databaseName);
      return databaseName;
    }
    const known = this.databases.get(requestId);
    this.databases.delete(requestId);
    return known;
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

  /**
   * A client shows one topology: that of the pool which serves its database.
   * @param {any} event
   */
  concerns({ type, pool }) {
    const { dbName, s } = this.client;
    return (type !== 'servers' && type !== 'heartbeat') || pool === s.engine.poolOf(dbName);
  }
}

exports.EventRelay = EventRelay;
