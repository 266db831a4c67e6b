'use strict';

const { FirstConnection } = require('./first-connection');

/** The names and numbers that Mongoose has for the states of a connection. @type {Record<string, number>} */
const READY_STATE = { disconnected: 0, connected: 1, connecting: 2, disconnecting: 3 };

/** Databases beyond this many are forgotten, oldest first: their names come from users, memory must not. */
const MOST_CONNECTED = 100_000;

/** @typedef {'not initialized' | 'connecting' | 'connected' | 'disconnecting' | 'disconnected'} State */

/**
 * Follows what the engine says of its servers, and tells the wrapper's listeners: once per database and change.
 */
class Lifecycle {
  #parts;
  #first;
  /** @type {State} */
  #state = 'not initialized';
  #closed = false;
  /** Databases that listeners were told to be connected. @type {Set<string>} */
  #connected = new Set();
  /** State of each dedicated pool that has one. @type {Map<string, 'connected' | 'disconnected'>} */
  #dedicated = new Map();

  /**
   * @param {object} parts
   * @param {any} parts.engine
   * @param {() => any} parts.operation  The Mongoose whose errors a failure takes
   * @param {import('./events').Events} parts.events
   * @param {import('../services/logger').Logger} parts.logger
   * @param {() => string} parts.defaultDatabase
   * @param {() => Iterable<string>} parts.databases   Databases in use
   * @param {(dbName: string) => boolean} parts.isDedicated
   * @param {(dbName: string) => any} parts.connection
   * @param {number | undefined} parts.retryMS
   */
  constructor(parts) {
    this.#parts = parts;
    this.#first = new FirstConnection({
      attempt: async () => parts.engine.connect(null, parts.operation()),
      retryMS: parts.retryMS,
      report: (failure) => this.#reportFailure(failure),
    });
    this.#listen();
    if (this.#isPoolConnected()) this.#state = 'connected';
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** Whether anything is open or being opened. */
  get hasConnections() {
    const shared = this.#state !== 'disconnected' && this.#state !== 'not initialized';
    return shared || [...this.#dedicated.values()].includes('connected');
  }

  /** State of one database's pool. @param {string} dbName */
  isConnected(dbName) {
    return this.#parts.isDedicated(dbName)
      ? this.#dedicated.get(dbName) === 'connected'
      : this.#state === 'connected';
  }

  /** @param {string} dbName */
  readyState(dbName) {
    if (this.#parts.isDedicated(dbName)) return this.isConnected(dbName) ? 1 : 0;
    return READY_STATE[this.#state] ?? 0;
  }

  /** Takes over the state of a pool that another wrapper has opened. */
  follow() {
    if (this.#isPoolConnected()) this.#sharedChanged('connected');
  }

  /** Another wrapper may have opened a pool that is shared. */
  #isPoolConnected() {
    return this.#parts.engine.stats().state === 'connected';
  }

  /** Opens the shared pool and waits until a server answers; one attempt for all who ask at the same time. */
  async connect() {
    this.#closed = false;
    if (this.#state !== 'connected') this.#state = 'connecting';
    try {
      await this.#first.try();
      this.#sharedChanged('connected');
    } catch (error) {
      if (/** @type {State} */ (this.#state) === 'connecting') this.#state = 'disconnected';
      throw error;
    }
  }

  /** A database is used for the first time, or again. @param {string} dbName */
  used(dbName) {
    if (this.#connected.has(dbName) || !this.isConnected(dbName)) return;
    // Later: the connection that listeners are handed is being made by the caller.
    queueMicrotask(() => {
      if (this.isConnected(dbName)) this.#tell(dbName, 'connected');
    });
  }

  /** A database is forgotten. @param {string} dbName */
  forget(dbName) {
    this.#tell(dbName, 'disconnected');
    this.#dedicated.delete(dbName);
  }

  closing() {
    this.#first.reset();
    this.#state = 'disconnecting';
  }

  /** @param {boolean} forGood  What the engine says concerns others from now on, until `connect()` */
  closed(forGood) {
    this.#closed = forGood;
    for (const dbName of [...this.#connected]) this.#tell(dbName, 'disconnected');
    this.#dedicated.clear();
    this.#state = 'disconnected';
  }

  /** @param {{dbName: string, error: Error}} details */
  emitError({ dbName, error }) {
    this.#parts.events.emit('error', { ...this.#payload(dbName), error });
  }

  #listen() {
    const { engine, logger } = this.#parts;
    // Weak: a shared engine must not keep the wrappers of modules that were reloaded.
    const reference = new WeakRef(this);
    const follow = (
      /** @type {string} */ name,
      /** @type {(self: Lifecycle, event: any) => void} */ handler,
    ) => {
      const listener = (/** @type {any} */ event) => {
        const self = reference.deref();
        if (self && !self.#closed) handler(self, event);
        else if (!self) engine.removeListener(name, listener);
      };
      engine.on(name, listener);
    };
    follow('topology', (self, event) => self.#topologyChanged(event));
    follow('poolClosed', (self, event) => self.#poolClosed(event));
    follow('poolOpened', (self, { pool }) => {
      logger.debug(`Pool opened: ${pool || 'shared'}`);
      if (!pool && (self.#state === 'not initialized' || self.#state === 'disconnected'))
        self.#state = 'connecting';
    });
    follow('log', (_self, { level, target, message }) => {
      const say = level === 'debug' || level === 'warn' ? level : 'info';
      logger[say](`${target}: ${message}`);
    });
  }

  /** @param {{pool: string, state: 'connected' | 'disconnected', kind: string, servers: any[]}} event */
  #topologyChanged({ pool, state, kind, servers }) {
    this.#parts.logger.debug(
      `Servers of the ${pool ? `pool of ${JSON.stringify(pool)}` : 'shared pool'}: ${state}`,
      {
        kind,
        servers,
      },
    );
    if (pool) {
      this.#dedicated.set(pool, state);
      this.#tell(pool, state);
    } else if (this.#state !== 'disconnecting') {
      if (state === 'connected') this.#first.settle();
      if (state === 'connected' || this.#state === 'connected') this.#sharedChanged(state);
    }
  }

  /** @param {{pool: string, reason: string}} event */
  #poolClosed({ pool, reason }) {
    this.#parts.logger.debug(`Pool closed: ${pool || 'shared'} (${reason})`);
    if (!pool || reason === 'replaced') return;
    this.#dedicated.set(pool, 'disconnected');
    this.#tell(pool, 'disconnected');
  }

  /** @param {'connected' | 'disconnected'} state */
  #sharedChanged(state) {
    this.#state = state;
    const names = new Set([this.#parts.defaultDatabase(), ...this.#parts.databases(), ...this.#connected]);
    for (const dbName of names) if (!this.#parts.isDedicated(dbName)) this.#tell(dbName, state);
  }

  /** @param {string} dbName @param {'connected' | 'disconnected'} state */
  #tell(dbName, state) {
    if (this.#connected.has(dbName) === (state === 'connected')) return;
    if (state === 'connected') this.#connected.add(dbName);
    else this.#connected.delete(dbName);
    if (this.#connected.size > MOST_CONNECTED)
      this.#connected.delete(/** @type {string} */ (this.#connected.values().next().value));
    this.#parts.logger.info(`Database ${JSON.stringify(dbName)} ${state}`);
    const event = state === 'connected' ? 'connect' : 'disconnect';
    if (this.#parts.events.has(event)) this.#parts.events.emit(event, this.#payload(dbName, state));
  }

  /** @param {{error: Error, attempt: number, nextMS: number | null}} failure */
  #reportFailure({ error, attempt, nextMS }) {
    const next = nextMS === null ? 'no further attempt' : `next attempt in ${nextMS / 1000} s`;
    this.#parts.logger.error(`Connection attempt ${attempt} failed, ${next}`, error);
    this.emitError({ dbName: this.#parts.defaultDatabase(), error });
  }

  /** @param {string} dbName @param {State} [state] */
  #payload(dbName, state) {
    const number = state === undefined ? this.readyState(dbName) : READY_STATE[state];
    const label = Object.entries(READY_STATE).find(([, value]) => value === number)?.[0] ?? 'unknown';
    return {
      dbName,
      readyState: number,
      state: label,
      connection: this.#parts.connection(dbName),
      timestamp: new Date().toISOString(),
    };
  }
}

exports.Lifecycle = Lifecycle;
exports.READY_STATE = READY_STATE;
