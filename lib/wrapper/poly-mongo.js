'use strict';

const { inspect } = require('node:util');
const { codecOfMongoose } = require('../protocol/codec');
const { PolyMongoError } = require('../error');
const { inheritedOptions } = require('../protocol/connection-string');
const { isModel } = require('../mongoose/is-model');
const { Logger } = require('../services/logger');
const { Scale } = require('../services/scale');
const { handleSignals } = require('../services/signals');
const { createStats } = require('../services/stats');
const { runTransaction } = require('../services/transaction');
const { createTransfers } = require('../services/transfer/transfers');
const { warnOnce } = require('../services/warn-once');
const { Watches } = require('../services/watches');
const { Tenants } = require('../tenants/tenants');
const { Closing } = require('./closing');
const { DatabaseNames } = require('./database-names');
const { EngineLease } = require('./engine-lease');
const { Events } = require('./events');
const { findMongoose } = require('./find-mongoose');
const { firstLook } = require('./first-look');
const { Lifecycle } = require('./lifecycle');
const { readOptions } = require('./read-options');
const { reportCommands } = require('../services/commands');

/** Many databases from one process: Mongoose models per tenant over one pool. */
class PolyMongo {
  #names;
  #options;
  #defaultDB;
  #hosts;
  #logger;
  #events;
  #lease;
  #watches;
  #tenants;
  #lifecycle;
  #scale;
  #closing;
  #stopSignals = () => {};
  /** @type {any} The Mongoose of the first model that was wrapped */
  #base = null;
  /** @type {(() => Promise<void>) | null} */
  #look = null;

  /** @param {any} options */
  static createWrapper(options) {
    return new PolyMongo(options);
  }

  /** @param {any} raw */
  constructor(raw) {
    const settings = readOptions(raw);
    const { options, connection, database, pools } = settings;
    this.#options = options;
    this.#defaultDB = database.name;
    this.#hosts = connection.hosts;
    this.#names = new DatabaseNames(/** @type {any} */ (options), database.fixed);
    this.#logger = new Logger(settings.log);
    this.#events = new Events(this.#logger);
    this.#lease = new EngineLease(withCommandEvents(connection, options), pools, options.sharePool);
    const emitError = (/** @type {{dbName: string, error: Error}} */ details) =>
      this.#lifecycle.emitError(details);
    this.#watches = new Watches(this.#logger, emitError);
    this.#tenants = new Tenants({
      engine: this.#lease.engine,
      options,
      clientOptions: clientOptions(connection),
      inherited: (/** @type {string} */ dbName) => this.#scale.get(dbName)?.inherited,
      defaultDatabase: () => this.#defaultDB,
      checkName: (/** @type {unknown} */ name) => this.#use(name),
      logger: this.#logger,
      emit: (/** @type {'error'} */ _event, /** @type {any} */ details) => emitError(details),
      watches: this.#watches,
    });
    this.#scale = new Scale({
      lease: this.#lease,
      sharedSize: connection.config.maxPoolSize,
      operation: () => this.#operation(),
      checkName: (name) => this.#names.check(name),
      known: (name) => this.#names.exists(name),
      logger: this.#logger,
      emitError,
    });
    this.#lifecycle = new Lifecycle({
      engine: this.#lease.engine,
      operation: () => this.#operation(),
      events: this.#events,
      logger: this.#logger,
      defaultDatabase: () => this.#defaultDB,
      databases: () => [...this.#tenants.databases()].map(({ name }) => name),
      isDedicated: (name) => this.#scale.has(name),
      connection: (name) => this.#connectionFor(name),
      retryMS: options.retry,
    });
    this.#closing = new Closing({
      lease: this.#lease,
      watches: this.#watches,
      lifecycle: this.#lifecycle,
      tenants: this.#tenants,
      logger: this.#logger,
    });
    this.#addServices();
    this.#start(settings);
  }

  #addServices() {
    this.closeAll = (/** @type {any[]} */ ...options) => this.#close(options[0]);
    this.forceCloseAll = (/** @type {any[]} */ ..._ignored) => this.#forceClose();
    this.closeDBstream = (/** @type {unknown} */ dbName) =>
      this.#watches.closeDatabase(/** @type {string} */ (dbName ?? this.#defaultDB));
    this.closeAllWatches = (/** @type {any[]} */ ..._ignored) => this.#watches.closeAll();
    this.dropDatabase = (/** @type {unknown} */ dbName) => this.#drop(dbName);

    const setDB = this.#scale.setDB.bind(this.#scale);
    const connectDB = this.#scale.connectDB.bind(this.#scale);
    this.scale = Object.freeze({ setDB, connectDB });
    this.pool = Object.freeze({ configure: setDB, connect: connectDB });

    this.stats = createStats({
      engine: this.#lease.engine,
      names: this.#names,
      defaultDB: this.#defaultDB,
      hosts: this.#hosts,
      scale: this.#scale,
      lifecycle: this.#lifecycle,
      operation: () => this.#operation(),
    });

    const old = this.#options.compat === '1.3';
    const transfers = createTransfers({
      database: (name) => this.#transferable(name),
      logger: this.#logger,
      copyDefault: old ? 'merge' : 'error',
      streamVersion: old ? 1 : 2,
    });
    const { closeAll, forceCloseAll, closeDBstream, closeAllWatches, dropDatabase } = this;
    this.actions = Object.freeze({
      ...transfers,
      dropDatabase,
      closeAll,
      forceCloseAll,
      closeDBstream,
      closeAllWatches,
    });
    this.bulkTasks = Object.freeze({
      copyDatabase: transfers.copyDatabase,
      dropDatabase,
      export: transfers.exportDB,
      import: transfers.importDB,
      exportStream: transfers.exportDBStream,
      importStream: transfers.importDBStream,
    });

    const self = this;
    this.adv = Object.freeze({
      get mongoose() {
        return self.#mongoose();
      },
      getPrimaryConnection: () =>
        this.#lifecycle.state === 'not initialized' ? undefined : this.#connection(this.#defaultDB),
      getOrCreatePrimaryConnection: () => this.#connection(this.#defaultDB),
      getConnection: (/** @type {unknown} */ dbName) =>
        this.#connection(this.#use(dbName ?? this.#defaultDB)),
      getSharedConnection: (/** @type {unknown} */ dbName) =>
        this.#connection(this.#use(dbName ?? this.#defaultDB)),
    });
  }

  /** @param {import('./read-options').Settings} settings */
  #start({ options, database, pools, warnings }) {
    for (const warning of warnings) {
      warnOnce(warning);
      this.#logger.warn(warning);
    }
    for (const { name, pool } of pools) this.#scale.configure(name, pool);
    this.#names.exists(this.#defaultDB);
    if (database.ambiguous && this.#defaultDB !== 'default') this.#lookFirst();
    if (options.monitorCommands || options.slowMS !== undefined)
      reportCommands(this.#lease.engine, this.#logger, options.slowMS);
    this.#stopSignals = handleSignals(options.handleSignals, this.#closing);
    this.#logger.info('Wrapper created', this.toJSON());
    if (options.coldStart) return;
    // Failures are events and log lines.
    this.connect().catch(() => {});
    this.#scale.warmUp();
  }

  /**
   * @param {any} model  A Mongoose model; it is not changed
   * @returns {any} the model that can be pointed at any database with `.db(name)`
   */
  wrapModel(model) {
    if (!isModel(model)) {
      throw new PolyMongoError(
        'Invalid model provided to wrapModel: expected what mongoose.model(name, schema) returns',
        {
          code: 'INVALID_MODEL',
        },
      );
    }
    this.#base ??= model.base;
    return this.#tenants.wrapModel(model);
  }

  async connect() {
    const alreadyConnected = this.#lifecycle.state === 'connected' && this.#lease.isOpen;
    if (!this.#lease.isOpen) this.#reopen();
    if (!alreadyConnected) await this.#lifecycle.connect();
    await this.#look?.();
    return {
      success: true,
      alreadyConnected,
      defaultDB: this.#defaultDB,
      connection: this.#connection(this.#defaultDB),
      state: 'connected',
    };
  }

  async disconnect() {
    const state = this.#lifecycle.state;
    const alreadyDisconnected = state === 'disconnected' || state === 'not initialized';
    if (!alreadyDisconnected) await this.#closing.disconnect();
    return { success: true, alreadyDisconnected, state: 'disconnected' };
  }

  isConnected() {
    return this.#lifecycle.state === 'connected';
  }

  getConnectionState() {
    return this.#lifecycle.state;
  }

  /** @param {unknown} [dbName] */
  async ping(dbName) {
    const name = this.#use(dbName ?? this.#defaultDB);
    const started = performance.now();
    await this.#lease.engine.command(name, { ping: 1 }, this.#operation());
    const latency = Math.round((performance.now() - started) * 1000) / 1000;
    return { ok: true, dbName: name, latency, timestamp: new Date().toISOString() };
  }

  /**
   * @param {(session: any) => any} fn
   * @param {any} [options]
   */
  transaction(fn, options) {
    const parts = {
      connection: this.#connection(this.#defaultDB),
      tenants: this.#tenants,
      implicit: this.#options.implicitSession,
    };
    return runTransaction(parts, fn, options);
  }

  /** @param {any} where @param {() => any} fn */
  run(where, fn) {
    return this.#tenants.run(where, fn);
  }

  /** @param {any} where @param {() => any} fn */
  withTenant(where, fn) {
    return this.#tenants.run(where, fn);
  }

  currentTenant() {
    return this.#tenants.currentTenant();
  }

  /** Builds the indexes of every wrapped model in the given databases. @param {any} dbNames @param {any} [options] */
  async syncIndexes(dbNames, options) {
    const names = typeof dbNames === 'string' ? [dbNames] : (dbNames ?? [this.#defaultDB]);
    /** @type {Map<string, Record<string, any>>} */
    const report = new Map();
    for (const name of names.map((/** @type {unknown} */ each) => this.#use(each))) {
      /** @type {Record<string, any>} */
      const built = {};
      for (const model of this.#tenants.models())
        built[model.modelName] = await this.#tenants.model(model, name).syncIndexes(options);
      report.set(name, built);
    }
    return Object.fromEntries(report);
  }

  /** @param {string} event @param {Function} listener @returns {() => void} */
  on(event, listener) {
    return this.#events.add(event, listener);
  }

  /** @param {string} event @param {Function} listener @returns {() => void} */
  once(event, listener) {
    return this.#events.add(event, listener, true);
  }

  /** @param {string} event @param {Function} listener */
  off(event, listener) {
    this.#events.remove(event, listener);
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
    return { hosts: this.#hosts, defaultDB: this.#defaultDB, state: this.#lifecycle.state };
  }

  /** @param {number} _depth @param {import('node:util').InspectOptions} options */
  [inspect.custom](_depth, options) {
    return `PolyMongo ${inspect(this.toJSON(), options)}`;
  }

  /** @param {'connect' | 'disconnect'} event @param {any} dbNames @param {any} callback */
  #onConnection(event, dbNames, callback) {
    if (typeof callback !== 'function') return this.#events.add(event, callback);
    const list = dbNames === null ? null : typeof dbNames === 'string' ? [dbNames] : dbNames;
    const names =
      list === null ? null : new Set(list.map((/** @type {unknown} */ name) => this.#names.check(name)));
    return this.#events.add(event, (/** @type {any} */ { dbName, connection }) =>
      names === null || names.has(dbName) ? callback(connection) : undefined,
    );
  }

  #mongoose() {
    this.#base ??= findMongoose();
    return this.#base;
  }

  /** What an operation of the wrapper's own says of itself: a read, in the classes of the application's Mongoose. */
  #operation() {
    return { codec: codecOfMongoose(this.#mongoose()), read: true };
  }

  /** A checked name that is used from now on. @param {unknown} name @returns {string} */
  #use(name) {
    const checked = this.#names.check(name);
    this.#lifecycle.used(checked);
    return checked;
  }

  /** @param {string} name */
  #connection(name) {
    return this.#tenants.connection(this.#mongoose(), name);
  }

  /** For events: an application without any Mongoose in reach still gets them. @param {string} name */
  #connectionFor(name) {
    try {
      return this.#connection(name);
    } catch {
      return undefined;
    }
  }

  /** @param {unknown} dbName */
  #transferable(dbName) {
    const name = this.#names.checkSpelling(dbName);
    this.#lifecycle.used(name);
    const { db } = this.#connection(name);
    return { db, BSON: this.#mongoose().mongo.BSON };
  }

  #lookFirst() {
    const look = firstLook({
      engine: this.#lease.ungated,
      operation: () => this.#operation(),
      dbName: this.#defaultDB,
      models: () => this.#tenants.models(),
    });
    this.#look = async () => {
      await look();
      this.#look = null;
      this.#lease.ungate();
    };
    this.#lease.gate(() => this.#look?.() ?? Promise.resolve());
  }

  #reopen() {
    this.#lease.open();
    this.#stopSignals();
    this.#stopSignals = handleSignals(this.#options.handleSignals, this.#closing);
  }

  /** @param {unknown} options */
  async #close(options) {
    const report = await this.#closing.closeAll(options);
    this.#stopSignals();
    return report;
  }

  async #forceClose() {
    const report = await this.#closing.forceCloseAll();
    this.#stopSignals();
    return report;
  }

  /** @param {unknown} dbName */
  async #drop(dbName) {
    const name = this.#names.checkSpelling(dbName);
    await this.#watches.closeDatabase(name);
    await this.#connection(name).dropDatabase();
    this.#names.dropped(name);
    this.#tenants.release(name);
    this.#logger.info(`Database ${JSON.stringify(name)} dropped`);
  }
}

/**
 * What `client.options` shows and every operation inherits.
 * @param {import('../protocol/connection-string').Connection} connection
 */
function clientOptions(connection) {
  // `conn.client.close()` of one database must not end the pool of all: the wrapper's closeAll() does.
  return { ...connection.config, ...inheritedOptions(connection), close: async () => {} };
}

/** Slow commands are found among the monitored ones. @param {any} connection @param {Record<string, any>} options */
function withCommandEvents(connection, options) {
  if (options.slowMS === undefined) return connection;
  return { ...connection, config: { ...connection.config, monitorCommands: true } };
}

exports.PolyMongo = PolyMongo;
