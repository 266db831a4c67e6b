'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');
const { checkIsObject, prefixed } = require('../wrapper/check-options');
const { readPool } = require('../wrapper/pool-options');
const { warnOnce } = require('./warn-once');

/** @param {string} message @param {string} option */
const invalid = (message, option) => new PolyMongoError(message, { code: 'OPTION_INVALID', option });

/**
 * @typedef {object} Configured  A dedicated pool, without what the engine alone needs to know.
 * @property {boolean} coldStart
 * @property {boolean} autoClose
 * @property {number | null} ttl
 * @property {string[] | null} hosts
 * @property {number} maxPoolSize
 * @property {number} minPoolSize
 * @property {Record<string, any>} inherited
 * @property {Record<string, any>} shown
 */

/** Dedicated pools: `scale.setDB` and `connectDB`, `pool.configure` and `connect`, `dbSpecific`. */
class Scale {
  #parts;
  /** @type {Map<string, Configured>} */
  #configured = new Map();

  /**
   * @param {object} parts
   * @param {import('../wrapper/engine-lease').EngineLease} parts.lease
   * @param {number} parts.sharedSize
   * @param {() => any} parts.operation  The Mongoose whose errors a failure takes
   * @param {(name: unknown) => string} parts.checkName
   * @param {(name: string) => void} parts.known   Told of names that are configured
   * @param {import('./logger').Logger} parts.logger
   * @param {(details: {dbName: string, error: Error}) => void} parts.emitError
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {string} dbName */
  has(dbName) {
    return this.#configured.has(dbName);
  }

  /** @param {string} dbName */
  get(dbName) {
    return this.#configured.get(dbName);
  }

  entries() {
    return this.#configured.entries();
  }

  /**
   * Gives databases pools of their own. Nothing waits: what cannot connect is an `error` event.
   * @param {unknown} dbNames @param {any} [options]
   */
  setDB(dbNames, options) {
    const { names, pool } = this.#read('Failed to set DB configuration: ', dbNames, options);
    for (const name of names) {
      this.configure(name, pool);
      if (!pool.coldStart) this.#connectInBackground(name);
    }
  }

  /**
   * Gives databases pools of their own, where they have none, and waits until all are connected.
   * @param {unknown} dbNames @param {any} [options]
   */
  async connectDB(dbNames, options) {
    const { names, pool } = this.#read('Failed to scale connections: ', dbNames, options);
    await Promise.all(
      names.map(async (name) => {
        if (options !== undefined || !this.has(name)) await this.configure(name, pool);
        await this.#connect(name);
      }),
    );
  }

  /**
   * @param {string} name @param {import('../wrapper/pool-options').Pool} pool
   * @returns {Promise<void>} a failure is reported, so nobody has to wait for it
   */
  configure(name, { config, inherited, coldStart, autoClose, ttl, hosts, shown }) {
    const { lease, known, logger } = this.#parts;
    if (hosts !== null) lease.keepToItself('a dedicated pool with a mongoURI of its own');
    const configured = lease.engine.configure([name], config);
    const { maxPoolSize, minPoolSize = 0 } = config;
    const pool = { coldStart, autoClose, ttl, hosts, maxPoolSize, minPoolSize, inherited, shown };
    this.#configured.set(name, pool);
    known(name);
    logger.info(`Dedicated pool for ${JSON.stringify(name)}`, shown);
    configured.catch((/** @type {Error} */ error) => this.#report(name, error));
    return configured;
  }

  /** Connects what was configured with `coldStart: false`. */
  warmUp() {
    for (const [name, { coldStart }] of this.#configured) if (!coldStart) this.#connectInBackground(name);
  }

  /** @param {string} name */
  #connectInBackground(name) {
    this.#connect(name).catch((/** @type {Error} */ error) => this.#report(name, error));
  }

  /** @param {string} name */
  async #connect(name) {
    await this.#parts.lease.engine.connect(name, this.#parts.operation());
  }

  /** @param {string} dbName @param {Error} error */
  #report(dbName, error) {
    this.#parts.logger.error(`The pool of ${JSON.stringify(dbName)} cannot connect`, error);
    this.#parts.emitError({ dbName, error });
  }

  /** @param {string} prefix @param {any} dbNames @param {any} options */
  #read(prefix, dbNames, options) {
    return prefixed(prefix, () => {
      const list = typeof dbNames === 'string' ? [dbNames] : dbNames;
      if (!Array.isArray(list) || list.length === 0)
        throw invalid(`the databases must be an array of names, or one name${received(dbNames)}`, 'dbNames');
      const names = list.map((name) => this.#parts.checkName(name));
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) throw invalid(`the database "${twice}" is named twice`, 'dbNames');
      if (options !== undefined) checkIsObject(options, 'options');
      /** @type {string[]} */
      const warnings = [];
      const pool = readPool(options, { sharedSize: this.#parts.sharedSize, warnings });
      for (const warning of warnings) warnOnce(warning);
      return { names, pool };
    });
  }
}

exports.Scale = Scale;
