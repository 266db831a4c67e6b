'use strict';

const { PolyMongoError } = require('../error');
const { originalOf } = require('../mongoose/originals');
const { codecOfMongoose } = require('../protocol/codec');
const { received } = require('../protocol/option-values');
const { warnOnce } = require('../services/warn-once');
const { BaseTenants } = require('./base-tenants');
const { tenantRequired } = require('./callable-connection');
const { frameOf, runIn } = require('./context');
const { FirstWrites } = require('./first-write');
const { databaseOf, tenantOf } = require('./naming');
const { PoolStates } = require('./pool-states');
const { tenantEngine } = require('./tenant-engine');

/**
 * What the wrapper hands to the tenant layer.
 *
 * @typedef {object} Wiring
 * @property {any} engine            The wrapper's sight of the engine: its methods need no `this`
 * @property {Record<string, any>} options  The wrapper's own options. Read here: `autoIndex`, `autoCreate`,
 *   `sanitizeFilter`, `maxTimeMS`, `maxCachedDatabases`, `requireTenant`, `allowDatabase`, `databaseName`
 * @property {object} clientOptions  Third argument of `createClient(engine, codec, clientOptions)`
 * @property {(dbName: string) => object | undefined} inherited  What operations on that database inherit besides
 * @property {() => string} defaultDatabase
 * @property {(name: unknown) => string} checkName  Returns the name of a database, or throws why it is refused
 * @property {(name: unknown) => string} checkOwnName  The same for names that stand in the application's code
 * @property {(dbName: string) => void} exists  Told of databases that exist for certain
 * @property {{error(message: string, details?: unknown): void}} logger
 * @property {(event: 'error', details: {dbName: string, error: Error}) => void} emit  Never throws
 * @property {{track(dbName: string, stream: any): void}} watches
 * @property {(pattern?: unknown) => Promise<string[]>} listTenants
 */

/** Everything a wrapper knows about databases: their connections, the models bound to them, the current tenant. */
class Tenants {
  /** @param {Wiring} wiring */
  constructor(wiring) {
    this.wiring = wiring;
    this.firstWrites = new FirstWrites(this);
    this.engine = tenantEngine(wiring.engine, this.firstWrites, wiring.exists);
    this.pools = new PoolStates(wiring.engine, () => this.connections());
    /** By the codec of the Mongoose instance, which operations carry. @type {Map<object, BaseTenants>} */
    this.bases = new Map();
    /** Databases that models have for themselves: no tenant's. @type {Set<string>} */
    this.controls = new Set();
    /** Databases of tenants, where they are named differently. @type {Map<string, string>} */
    this.mapped = new Map();
  }

  /**
   * The wrapper's own model for a user's model: current tenant or default database. Always the same one.
   * @param {any} model  a Mongoose model, checked by the caller
   * @param {unknown} [dbName]  the database that it has for itself, whatever the tenant
   */
  wrapModel(model, dbName) {
    const name = dbName === undefined ? undefined : this.wiring.checkOwnName(dbName);
    return this.of(model.base).wrapIn(model, name);
  }

  /**
   * @param {any} base  a Mongoose instance
   * @param {string} name
   * @param {any} schema
   * @param {string} [collection]
   * @param {unknown} [dbName]  the database that it has for itself, whatever the tenant
   */
  defineModel(base, name, schema, collection, dbName) {
    const own = dbName === undefined ? undefined : this.wiring.checkOwnName(dbName);
    const tenants = this.of(base);
    return tenants.wrapIn(tenants.defined.define(name, schema, collection, own), own);
  }

  /** The user's own models wrapped so far. @returns {Iterable<any>} */
  *models() {
    for (const base of this.bases.values()) yield* base.wrapped.keys();
  }

  /** The user's own models that live in a database. @param {string} dbName */
  *modelsIn(dbName) {
    for (const base of this.bases.values())
      for (const model of base.wrapped.keys()) if (base.livesIn(model, dbName)) yield model;
  }

  /** @param {string} name @returns {any} the user's own model that was wrapped under that name */
  modelNamed(name) {
    for (const base of this.bases.values()) {
      const model = base.named.get(name);
      if (model !== undefined) return model;
    }
    return undefined;
  }

  /** @param {any} model the user's own */
  wrapped(model) {
    return this.of(model.base).wrap(model);
  }

  modelNames() {
    return [...new Set([...this.bases.values()].flatMap((base) => [...base.named.keys()]))];
  }

  /**
   * @param {any} model     the user's own, or one of ours
   * @param {string} dbName checked by the caller
   */
  model(model, dbName) {
    const original = originalOf(model);
    return this.of(original.base).model(original, dbName);
  }

  /**
   * @param {any} base      a Mongoose instance
   * @param {string} dbName checked by the caller
   */
  connection(base, dbName) {
    return this.of(base).connection(dbName);
  }

  /**
   * Runs `fn` with a tenant, a session or a deadline for each operation; what is not given stays as it is around.
   * @template T
   * @param {string | {db?: string, session?: any, timeoutMS?: number}} where
   * @param {() => T} fn
   * @returns {T}
   */
  run(where, fn) {
    return runIn(this, this.frame(where), fn);
  }

  /** The tenant of the running code, if there is one. @returns {string | undefined} */
  currentTenant() {
    const dbName = frameOf(this)?.db;
    return dbName == null ? undefined : this.tenantOf(dbName);
  }

  /** The tenant whose database it is: no own database of a model's, and one that leads back. @param {string} dbName */
  tenantOf(dbName) {
    const { databaseName } = this.wiring.options;
    if (this.controls.has(dbName)) return undefined;
    return databaseName === undefined ? dbName : tenantOf(databaseName, dbName);
  }

  /**
   * The database of a tenant, checked.
   * @param {unknown} tenant
   * @returns {string}
   */
  databaseOf(tenant) {
    const { allowDatabase, databaseName, maxCachedDatabases } = this.wiring.options;
    if (databaseName === undefined) return this.checkTenants(tenant);
    const name = this.checkTenants(databaseOf(databaseName, tenant));
    if (typeof allowDatabase !== 'function') {
      // Names come from users, memory must not.
      if (this.mapped.size >= maxCachedDatabases) this.mapped.clear();
      this.mapped.set(/** @type {string} */ (tenant), name);
    }
    return name;
  }

  /** @param {unknown} name of a database that is to be a tenant's */
  checkTenants(name) {
    if (this.controls.has(/** @type {string} */ (name))) {
      throw new PolyMongoError(
        `The database name ${JSON.stringify(name)} is refused: models have that database for themselves ` +
          '(wrapModel(model, {db})), so it is no tenant’s',
        { code: 'INVALID_DATABASE_NAME', status: 400, dbName: name },
      );
    }
    return this.wiring.checkName(name);
  }

  /** Whether a database belongs to models of its own alone. @param {string} dbName */
  isControl(dbName) {
    return (
      this.controls.has(dbName) && (this.wiring.options.requireTenant || dbName !== this.defaultDatabase())
    );
  }

  /**
   * Lets go of a database. Whoever holds a model of it still finds that very one.
   * @param {string} dbName
   */
  release(dbName) {
    for (const base of this.bases.values()) base.release(dbName);
  }

  /** Databases that somebody may be using. */
  databases() {
    return [...this.connections()].map((connection) => ({ name: connection.name, connection }));
  }

  /** Connections report closed until the engine is used again. */
  close() {
    this.pools.close();
  }

  // What follows is for the parts of this layer.

  /** @param {any} base */
  of(base) {
    const codec = codecOfMongoose(base);
    let tenants = this.bases.get(codec);
    if (tenants === undefined) {
      tenants = new BaseTenants(this, base);
      this.bases.set(codec, tenants);
    }
    return tenants;
  }

  *connections() {
    for (const base of this.bases.values()) yield* base.registry.values();
  }

  /** @param {object} codec @param {string} dbName */
  knownConnection(codec, dbName) {
    return this.bases.get(codec)?.registry.get(dbName);
  }

  /** @param {string} dbName */
  connectionsNamed(dbName) {
    return [...this.bases.values()].map((base) => base.registry.get(dbName)).filter(Boolean);
  }

  defaultDatabase() {
    return this.wiring.defaultDatabase();
  }

  /** The database a wrapped model means now; null when a tenant is required and there is none. */
  currentDatabaseOrNull() {
    const name = frameOf(this)?.db;
    if (name !== undefined) return name;
    return this.wiring.options.requireTenant ? null : this.defaultDatabase();
  }

  currentDatabase() {
    const name = this.currentDatabaseOrNull();
    if (name === null) throw tenantRequired();
    return name;
  }

  /**
   * The database that `Model.db(...)` was asked for.
   * @param {any[]} args
   * @param {import('./registry').Registry} registry
   * @returns {string}
   */
  databaseAsked(args, registry) {
    const { allowDatabase, databaseName, requireTenant } = this.wiring.options;
    const name = args[0];
    // A name that is in use was checked before; only a function may change its mind.
    if (typeof allowDatabase !== 'function') {
      const known = databaseName === undefined ? name : this.mapped.get(name);
      if (registry.has(known) && !this.controls.has(known)) return known;
    }
    if (name != null || requireTenant || allowDatabase !== undefined || frameOf(this)?.db === null)
      return this.databaseOf(name);
    if (args.length > 0) {
      warnOnce(
        `.db(${name}) means the default database; call .db() for it, or look for a tenant name that is missing`,
        'POLYMONGO_NO_DATABASE_NAME',
      );
    }
    return this.defaultDatabase();
  }

  /** @param {any} where */
  frame(where) {
    const given = typeof where === 'string' ? { db: where } : where;
    if (typeof given !== 'object' || given === null || Object.keys(given).length === 0) {
      throw invalid(`run() needs a database name or an object {db, session, timeoutMS}${received(where)}`);
    }
    const unknown = Object.keys(given).find((name) => !FRAME_KEYS.has(name));
    if (unknown !== undefined) {
      throw invalid(`run() does not know "${unknown}"; it takes db, session and timeoutMS`);
    }
    const { session, timeoutMS } = /** @type {any} */ ({ __proto__: null, ...given });
    /** @type {Record<string, any>} */
    const frame = {};
    // A tenant that is named but missing is a mistake, never the tenant around.
    if (Object.hasOwn(given, 'db')) frame.db = this.databaseOf(given.db);
    if (timeoutMS !== undefined) frame.timeoutMS = checkedTimeout(timeoutMS);
    if (session !== undefined) frame.session = checkedSession(session);
    return frame;
  }

  /** @param {string} dbName @param {any} error */
  failed(dbName, error) {
    this.wiring.logger.error(
      `A collection of ${JSON.stringify(dbName)} could not be made ready for its first write`,
      error,
    );
    this.wiring.emit('error', { dbName, error });
  }
}

const FRAME_KEYS = new Set(['db', 'session', 'timeoutMS']);

/** @param {string} message */
function invalid(message) {
  return new PolyMongoError(message, { code: 'OPTION_INVALID' });
}

/** @param {any} value */
function checkedTimeout(value) {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw invalid(`timeoutMS of run() must be a non-negative number${received(value)}`);
}

/** @param {any} value */
function checkedSession(value) {
  if (value === null || value.constructor?.name === 'ClientSession') return value;
  throw invalid(`session of run() must be a session (connection.startSession()) or null${received(value)}`);
}

exports.Tenants = Tenants;
