'use strict';

const { inspect } = require('node:util');
const { PolyMongoError } = require('../error');
const { isModel } = require('../mongoose/is-model');
const { received } = require('../protocol/option-values');
const { createTenant } = require('../services/create-tenant');
const { createStats } = require('../services/stats');
const { runTransaction } = require('../services/transaction');
const { createTransfers } = require('../services/transfer/transfers');
const { forEachTenant } = require('../tenants/for-each-tenant');
const { tenantMiddleware } = require('../tenants/middleware');
const { RequestTenant } = require('../tenants/request-tenant');
const { tenantRoute } = require('../tenants/route');
const { syncIndexes } = require('../tenants/sync-indexes');
const { Tenant } = require('../tenants/tenant');
const { readOwn } = require('./check-options');
const { readOptions } = require('./read-options');

// The parts that do the work are loaded with the first wrapper, so that an application starts quickly.

/** Many databases from one process: Mongoose models per tenant over one pool. */
class PolyMongo {
  #core;
  #json;

  /** @param {any} options */
  static createWrapper(options) {
    return new PolyMongo(options);
  }

  /** @param {any} options */
  constructor(options) {
    const settings = readOptions(options);
    const { Core } = require('./core');
    const { JsonResults } = require('../services/json');
    const core = new Core(settings);
    this.#core = core;
    this.#json = new JsonResults(core.tenants);

    // Bound, and without parameters of their own: they are handed to signals and test hooks as they are.
    this.closeAll = (/** @type {any[]} */ ...given) => core.close(() => core.closing.closeAll(given[0]));
    this.forceCloseAll = (/** @type {any[]} */ ..._ignored) => core.close(() => core.closing.forceCloseAll());
    this.closeDBstream = (/** @type {any} */ dbName) => core.watches.closeDatabase(dbName ?? core.defaultDB);
    this.closeAllWatches = (/** @type {any[]} */ ..._ignored) => core.watches.closeAll();
    this.dropDatabase = (/** @type {unknown} */ dbName) => this.#drop(dbName);

    const setDB = core.scale.setDB.bind(core.scale);
    const connectDB = core.scale.connectDB.bind(core.scale);
    this.scale = Object.freeze({ setDB, connectDB });
    this.pool = Object.freeze({ configure: setDB, connect: connectDB });
    this.stats = createStats({ ...core, engine: core.lease.engine, operation: () => core.operation() });
    this.adv = advancedAccess(core);

    const old = core.options.compat === '1.3';
    const transfers = createTransfers({
      database: (name) => this.#transferable(name),
      logger: core.logger,
      copyDefault: old ? 'merge' : 'error',
      streamVersion: old ? 1 : 2,
    });
    const { closeAll, forceCloseAll, closeDBstream, closeAllWatches, dropDatabase } = this;
    const closers = { closeAll, forceCloseAll, closeDBstream, closeAllWatches };
    this.actions = Object.freeze({ ...transfers, dropDatabase, ...closers });
    this.bulkTasks = Object.freeze({
      copyDatabase: transfers.copyDatabase,
      dropDatabase,
      export: transfers.exportDB,
      import: transfers.importDB,
      exportStream: transfers.exportDBStream,
      importStream: transfers.importDBStream,
    });

    const run = (/** @type {any} */ where, /** @type {() => any} */ fn) => core.tenants.run(where, fn);
    const route = (/** @type {any} */ resolve, /** @type {any} */ handler, /** @type {any} */ options) =>
      tenantRoute(core.tenants, this.#requestTenant(resolve, options, 'withTenant.route'), handler);
    this.withTenant = Object.freeze(Object.assign(run, { route }));

    core.start(settings);
    core.logger.info('Wrapper created', this.toJSON());
  }

  /**
   * @param {any} model  A Mongoose model; it is not changed
   * @param {any} [options]  `db`: the database that the model has for itself
   * @returns {any} the model that can be pointed at any database with `.db(name)`
   */
  wrapModel(model, options) {
    if (!isModel(model)) {
      throw new PolyMongoError(
        'Invalid model provided to wrapModel: expected what mongoose.model(name, schema) returns',
        { code: 'INVALID_MODEL' },
      );
    }
    const own = readOwnDatabase(options, 'wrapModel');
    this.#core.adopt(model);
    return this.#core.tenants.wrapModel(model, own);
  }

  /**
   * Defines a model and wraps it. With the name alone, the one that was defined or wrapped before.
   * @param {unknown} name
   * @param {any} [schema]
   * @param {unknown} [collection]
   * @param {any} [options]  `db`: the database that the model has for itself
   * @returns {any}
   */
  model(name, schema, collection, options) {
    const { tenants } = this.#core;
    if (typeof name !== 'string' || name === '') throw invalidModel(`a name is needed${received(name)}`);
    if (schema === undefined) {
      const known = tenants.modelNamed(name);
      if (known === undefined) throw invalidModel(`there is no "${name}"; give its schema`);
      return tenants.wrapped(known);
    }
    if (schema?.instanceOfSchema !== true)
      throw invalidModel(`the schema of "${name}" must be a mongoose.Schema${received(schema)}`);
    if (collection !== undefined && (typeof collection !== 'string' || collection === ''))
      throw invalidModel(`the collection of "${name}" must be a string${received(collection)}`);
    const own = readOwnDatabase(options, 'model');
    const base = schema.base ?? this.#core.mongoose();
    this.#core.adopt({ base });
    return tenants.defineModel(base, name, schema, collection, own);
  }

  async connect() {
    const alreadyConnected = await this.#core.connect();
    const { defaultDB } = this.#core;
    return {
      success: true,
      alreadyConnected,
      defaultDB,
      connection: this.#core.connection(defaultDB),
      state: 'connected',
    };
  }

  async disconnect() {
    const alreadyDisconnected = !this.#core.lifecycle.hasConnections;
    if (!alreadyDisconnected) await this.#core.disconnect();
    return { success: true, alreadyDisconnected, state: 'disconnected' };
  }

  isConnected() {
    return this.#core.lifecycle.state === 'connected';
  }

  getConnectionState() {
    return this.#core.lifecycle.state;
  }

  /** @param {unknown} [dbName] */
  async ping(dbName) {
    const core = this.#core;
    const name = core.use(dbName ?? core.defaultDB);
    const started = performance.now();
    await core.lease.engine.command(name, { ping: 1 }, core.operation());
    const latency = Math.round((performance.now() - started) * 1000) / 1000;
    return { ok: true, dbName: name, latency, timestamp: new Date().toISOString() };
  }

  /**
   * @param {(session: any) => any} fn
   * @param {any} [options]
   */
  async transaction(fn, options) {
    const { defaultDB, options: own, tenants } = this.#core;
    const parts = { connection: this.#core.connection(defaultDB), tenants, implicit: own.implicitSession };
    return runTransaction(parts, fn, options);
  }

  /** @param {any} query @returns {Promise<Buffer>} */
  async json(query) {
    return await this.#json.read(query);
  }

  /** @param {any} query @param {any} [options] */
  jsonStream(query, options) {
    return this.#json.stream(query, options);
  }

  /** @param {any} where @param {() => any} fn */
  run(where, fn) {
    return this.#core.tenants.run(where, fn);
  }

  /**
   * @param {any} resolve  (request, response) => name of the tenant, or a promise of it
   * @param {any} [options]
   */
  middleware(resolve, options) {
    return tenantMiddleware(this.#core.tenants, this.#requestTenant(resolve, options, 'middleware'));
  }

  currentTenant() {
    return this.#core.tenants.currentTenant();
  }

  /** @param {unknown} name @returns {any} */
  tenant(name) {
    const { tenants } = this.#core;
    return new Tenant(this, tenants, /** @type {string} */ (name), tenants.databaseOf(name));
  }

  /**
   * @param {(tenant: Tenant) => any} fn
   * @param {any} [options]
   */
  async forEachTenant(fn, options) {
    const { tenants } = this.#core;
    return forEachTenant(tenants, (name, dbName) => new Tenant(this, tenants, name, dbName), fn, options);
  }

  /** @param {any} [models] @param {any} [options] */
  async syncIndexes(models, options) {
    return syncIndexes(this.#core.tenants, models, options);
  }

  /** @param {string} event @param {Function} listener @returns {() => void} */
  on(event, listener) {
    return this.#core.events.add(event, listener);
  }

  /** @param {string} event @param {Function} listener @returns {() => void} */
  once(event, listener) {
    return this.#core.events.add(event, listener, true);
  }

  /** @param {string} event @param {Function} listener */
  off(event, listener) {
    this.#core.events.remove(event, listener);
    return this;
  }

  /** @param {string} event @param {Function} listener */
  removeListener(event, listener) {
    return this.off(event, listener);
  }

  /** @param {Function} callback */
  onDbConnect(callback) {
    return this.#onConnection('connect', null, callback);
  }

  /** @param {Function} callback */
  onDbDisconnect(callback) {
    return this.#onConnection('disconnect', null, callback);
  }

  /** @param {string | string[]} dbNames @param {Function} callback */
  onTheseDBConnect(dbNames, callback) {
    return this.#onConnection('connect', dbNames, callback);
  }

  /** @param {string | string[]} dbNames @param {Function} callback */
  onTheseDBDisconnect(dbNames, callback) {
    return this.#onConnection('disconnect', dbNames, callback);
  }

  toJSON() {
    const { defaultDB, hosts, lifecycle } = this.#core;
    return { hosts, defaultDB, state: lifecycle.state };
  }

  /** @param {number} _depth @param {import('node:util').InspectOptions} options */
  [inspect.custom](_depth, options) {
    return `PolyMongo ${inspect(this.toJSON(), options)}`;
  }

  /** @param {unknown} name @returns {Promise<boolean>} */
  async tenantExists(name) {
    const { directory, tenants } = this.#core;
    return directory.exists(tenants.databaseOf(name));
  }

  /** @param {unknown} name @param {any} [options] */
  async createTenant(name, options) {
    return createTenant(this.#core, this.tenant(name), options);
  }

  /** @param {unknown} [pattern] */
  async listTenants(pattern) {
    return this.#core.directory.list(pattern);
  }

  /** @param {any} resolve @param {any} options @param {string} method */
  #requestTenant(resolve, options, method) {
    const parts = {
      tenant: (/** @type {unknown} */ name) => this.tenant(name),
      exists: (/** @type {string} */ dbName) => this.#core.directory.exists(dbName),
    };
    return new RequestTenant(parts, resolve, options, method);
  }

  /** @param {'connect' | 'disconnect'} event @param {any} dbNames @param {any} callback */
  #onConnection(event, dbNames, callback) {
    const { events, names } = this.#core;
    // Refused there.
    if (typeof callback !== 'function') return events.add(event, callback);
    const these = dbNames === null ? null : new Set([dbNames].flat().map((name) => names.check(name)));
    return events.add(event, (/** @type {any} */ { dbName, connection }) =>
      these === null || these.has(dbName) ? callback(connection) : undefined,
    );
  }

  /** @param {unknown} dbName */
  #transferable(dbName) {
    const name = this.#core.names.checkSpelling(dbName);
    this.#core.lifecycle.used(name);
    const { lease } = this.#core;
    const { db } = this.#core.connection(name);
    const { codec } = this.#core.operation();
    const write = (/** @type {Buffer} */ command) =>
      lease.engine.command(name, command, { codec, write: true });
    return { name, db, BSON: codec.BSON, write };
  }

  /** @param {unknown} dbName */
  async #drop(dbName) {
    const { logger, names, tenants, watches } = this.#core;
    const name = names.checkSpelling(dbName);
    await watches.closeDatabase(name);
    await this.#core.connection(name).dropDatabase();
    names.dropped(name);
    tenants.release(name);
    logger.info(`Database ${JSON.stringify(name)} dropped`);
  }
}

/** @param {string} why */
function invalidModel(why) {
  return new PolyMongoError(`wrapper.model(name, schema, collection): ${why}`, { code: 'INVALID_MODEL' });
}

/** @type {import('../protocol/option-values').OptionEntry[]} */
const MODEL_OPTIONS = [{ name: 'db', kind: 'own', type: 'string' }];

/**
 * The database that a model is to have for itself. One that is named but missing is a mistake: the model's documents
 * would go to the tenants.
 * @param {any} options @param {string} method
 */
function readOwnDatabase(options, method) {
  const { db } = readOwn(MODEL_OPTIONS, options, method);
  if (db !== undefined || options === undefined || !Object.hasOwn(options, 'db')) return db;
  throw new PolyMongoError(`db of ${method}() is undefined: is an environment variable unset?`, {
    code: 'OPTION_INVALID',
    option: `${method}.db`,
  });
}

/** @param {import('./core').Core} core */
function advancedAccess(core) {
  const connection = (/** @type {unknown} */ dbName) => core.connection(core.use(dbName ?? core.defaultDB));
  return Object.freeze({
    get mongoose() {
      return core.mongoose();
    },
    getPrimaryConnection: () =>
      core.lifecycle.state === 'not initialized' ? undefined : core.connection(core.defaultDB),
    getOrCreatePrimaryConnection: () => core.connection(core.defaultDB),
    getConnection: connection,
    getSharedConnection: connection,
  });
}

exports.PolyMongo = PolyMongo;
