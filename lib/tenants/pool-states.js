'use strict';

/** The events Mongoose's connections emit. */
const CHANGES = {
  connected: ['connected', 'open'],
  reconnected: ['connected', 'reconnected'],
  disconnected: ['disconnected'],
};

/** What the engine last said of each pool, for `readyState` and the events of Mongoose connections. */
class PoolStates {
  /**
   * @param {any} engine
   * @param {() => Iterable<any>} connections
   */
  constructor(engine, connections) {
    this.connections = connections;
    /** By database with a pool of its own; `''` is the shared pool. @type {Map<string, string>} */
    this.states = new Map();
    this.closed = false;
    // Weak: several wrappers may share an engine, and it must not keep those that were dropped.
    const self = new WeakRef(this);
    for (const [event, handler] of Object.entries(HANDLERS)) {
      const listener = (/** @type {any} */ details) => {
        const states = self.deref();
        if (states === undefined) engine.removeListener(event, listener);
        else handler(states, details);
      };
      engine.on(event, listener);
    }
  }

  /** Whether the servers of a database are known to be out of reach. @param {string} dbName */
  isDown(dbName) {
    return this.closed || (this.states.get(dbName) ?? this.states.get('')) === 'disconnected';
  }

  /**
   * A pool that was never connected is about to be: only what was lost counts as out of reach.
   * @param {{pool: string, state: string}} change
   */
  changed({ pool, state }) {
    const before = this.closed ? 'disconnected' : this.states.get(pool);
    if (before === state || (before === undefined && state === 'disconnected')) return;
    this.states.set(pool, state);
    if (state === 'disconnected') this.tell(pool, 'disconnected');
    else {
      this.closed = false;
      this.tell(pool, before === undefined ? 'connected' : 'reconnected');
    }
  }

  /** A pool that closed opens again by itself. @param {{pool: string}} change */
  poolClosed({ pool }) {
    if (pool !== '') this.states.delete(pool);
  }

  close() {
    if (this.closed) return;
    for (const connection of this.connections()) {
      emit(connection, this.isDown(connection.name) ? ['close'] : ['disconnected', 'close']);
    }
    this.closed = true;
  }

  /**
   * @param {string} pool
   * @param {keyof typeof CHANGES} change
   */
  tell(pool, change) {
    for (const connection of this.connections()) {
      const own = this.states.has(connection.name) ? connection.name : '';
      if (own === pool) emit(connection, CHANGES[change]);
    }
  }
}

const HANDLERS = {
  topology: (/** @type {PoolStates} */ states, /** @type {any} */ details) => states.changed(details),
  poolClosed: (/** @type {PoolStates} */ states, /** @type {any} */ details) => states.poolClosed(details),
};

/**
 * @param {any} connection
 * @param {string[]} events
 */
function emit(connection, events) {
  // On its own, so that a listener that throws does not keep the others from hearing it.
  if (connection.eventNames().length > 0) {
    queueMicrotask(() => {
      for (const event of events) connection.emit(event);
    });
  }
}

module.exports = { PoolStates };
