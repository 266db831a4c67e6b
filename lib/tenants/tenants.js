'use strict';

/**
 * What the wrapper hands to the tenant layer.
 *
 * @typedef {object} Wiring
 * @property {import('../driver/engine.js').Engine} engine
 * @property {object} options        Validated wrapper options. Read here: `autoIndex`, `autoCreate`, `sanitizeFilter`,
 *   `maxTimeMS`, `maxCachedDatabases`, `requireTenant`, `allowDatabase`, `implicitSession`.
 * @property {object} clientOptions  Third argument of `createClient(engine, codec, clientOptions)`.
 * @property {() => string} defaultDatabase
 * @property {(name: unknown) => string} checkName  Returns the name or throws the PolyMongoError (rules, lock, allowDatabase).
 * @property {{debug: Function, info: Function, warn: Function, error: Function}} logger   (message, details?)
 * @property {(event: 'error', details: {dbName: string, error: Error}) => void} emit  Never throws.
 * @property {{track(dbName: string, stream: import('node:events').EventEmitter): void}} watches
 */

/** Everything a wrapper knows about databases: their connections, the models bound to them, the current tenant. */
class Tenants {
  /** @param {Wiring} wiring */
  constructor(wiring) {
    this.wiring = wiring;
  }

  /** The wrapper's own model for a user's model: current tenant or default database. Stable identity. */
  wrapModel(_model) {}

  /** The user's models wrapped so far (unbound originals). @returns {Iterable<any>} */
  models() {}

  /** The model bound to a database. `undefined` and `null` mean the default database. */
  model(_Model, _dbName) {}

  /** The Mongoose connection of one database (`dbName` is checked by the caller). */
  connection(_base, _dbName) {}

  /** The MongoClient-like facade for one Mongoose instance (sessions of transactions start here). */
  client(_base) {}

  /** Runs `fn` with a tenant: `where` is a name or `{db?, session?, timeoutMS?}`. Returns what `fn` returns. */
  run(_where, _fn) {}

  /** Name of the tenant of the running context, or undefined. */
  currentTenant() {}

  /** Forgets a database: its connection closes (Mongoose events), models held elsewhere keep working. */
  release(_dbName) {}

  /** Databases with a live connection object: `[{name, connection}]`. */
  databases() {}

  /** Every connection reports closed; held models work again after the engine reopens. */
  close() {}
}

module.exports = { Tenants };
