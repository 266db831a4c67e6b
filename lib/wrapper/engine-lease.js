'use strict';

const { createHash } = require('node:crypto');
const { PolyMongoError } = require('../error');
const { Engine } = require('../driver/engine');
const { EngineView } = require('./engine-view');

/**
 * @typedef {object} Shared  An engine and the wrappers that use it.
 * @property {any} engine
 * @property {Set<EngineView>} active  Those of the wrappers that are open
 * @property {boolean} refusing    The engine was closed and refuses work
 * @property {boolean} own         Later wrappers get another engine
 */

/** @type {Map<string, WeakRef<Shared>>} */
const shared = new Map();
const forgotten = new FinalizationRegistry((/** @type {string} */ key) => {
  if (shared.get(key)?.deref() === undefined) shared.delete(key);
});

/** The connection string is part of what is hashed and kept nowhere. @param {unknown} description */
const keyOf = (description) => createHash('sha256').update(JSON.stringify(description)).digest('hex');

/**
 * @param {import('../protocol/connection-string').Connection} connection
 * @param {{name: string, pool: import('./pool-options').Pool}[]} pools
 * @param {boolean} share
 * @returns {Shared}
 */
function engineFor(connection, pools, share) {
  const key = keyOf([connection.uri, connection.config, pools.map(({ name, pool }) => [name, pool.config])]);
  const known = share ? shared.get(key)?.deref() : undefined;
  if (known && !known.own) return known;
  const engine = new Engine(connection.uri, connection.config);
  // Each wrapper that shares the engine listens to it.
  engine.setMaxListeners(0);
  const entry = { engine, active: new Set(), refusing: false, own: !share };
  if (share) {
    shared.set(key, new WeakRef(entry));
    forgotten.register(entry, key);
  }
  return entry;
}

/** One wrapper's share in an engine. Wrappers with the same URI and options have one engine, and so one pool. */
class EngineLease {
  #shared;
  #view;

  /**
   * @param {import('../protocol/connection-string').Connection} connection
   * @param {{name: string, pool: import('./pool-options').Pool}[]} pools
   * @param {boolean} share
   * @param {import('./database-names').DatabaseNames} names
   */
  constructor(connection, pools, share, names) {
    this.#shared = engineFor(connection, pools, share);
    this.#view = new EngineView(this.#shared.engine, names);
    this.open();
  }

  get engine() {
    return this.#view.engine;
  }

  get isOpen() {
    return this.#shared.active.has(this.#view);
  }

  /** Whether other open wrappers use the same engine. */
  get isShared() {
    return this.#shared.active.size > (this.isOpen ? 1 : 0);
  }

  /** Opens it for this wrapper; the engine connects at the first use. */
  open() {
    if (this.#shared.refusing) {
      this.#shared.engine.reopen();
      this.#shared.refusing = false;
    }
    this.#shared.active.add(this.#view);
    this.#view.open();
    if (this.isShared) for (const view of this.#shared.active) view.share();
  }

  /** The engine itself: for what must get past a gate. */
  get ungated() {
    return this.#shared.engine;
  }

  /** @param {() => Promise<void>} check  Before the first work of this wrapper */
  gate(check) {
    this.#view.gate(check);
  }

  ungate() {
    if (this.isOpen) this.open();
  }

  /** Keeps later wrappers from sharing: this one's pools are not theirs. @param {string} why */
  keepToItself(why) {
    if (this.isShared)
      throw new PolyMongoError(
        `${why} is not possible while another wrapper shares this one's pool; create both with sharePool: false`,
        { code: 'POOL_SHARED' },
      );
    this.#shared.own = true;
  }

  /** New work of this wrapper is refused from now on. */
  refuse() {
    this.#view.shut();
  }

  /**
   * Gives the engine back: it closes unless others use it.
   * @param {{force: boolean, timeoutMS: number, refuse: boolean}} how
   * @returns {Promise<{drained: number, cancelled: number}>}
   */
  async close(how) {
    if (this.isShared) {
      if (!how.refuse) return { drained: 0, cancelled: 0 };
      const report = await this.#view.drain(how.force ? 0 : how.timeoutMS);
      this.#shared.active.delete(this.#view);
      this.#view.shutFirmly();
      return report;
    }
    if (how.refuse) {
      this.#shared.active.delete(this.#view);
      this.#shared.refusing = true;
    }
    const report = await this.#shared.engine.close(how);
    if (how.refuse && !this.isOpen) this.#view.shutFirmly();
    return report;
  }
}

exports.EngineLease = EngineLease;
