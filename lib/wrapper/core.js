'use strict';

const { codecOfMongoose } = require('../protocol/codec');
const { inheritedOptions } = require('../protocol/connection-string');
const { reportCommands } = require('../services/commands');
const { Logger } = require('../services/logger');
const { Scale } = require('../services/scale');
const { handleSignals } = require('../services/signals');
const { TenantDirectory } = require('../services/tenant-directory');
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

/** Where polymongo 1.3 kept everything; a wrapper that says so itself has nothing to look for. */
const FORMER_DEFAULT = 'default';

/** The parts of one wrapper and how they hang together. What it is built from holds credentials; nothing of it is kept. */
class Core {
  #stopSignals = () => {};
  /** @type {any} The Mongoose of the first model that was wrapped */
  #base = null;
  /** @type {any} The application's, until there is a model */
  #found = null;
  /** @type {(() => Promise<void>) | null} */
  #look = null;

  /** @param {import('./read-options').Settings} settings */
  constructor({ options, connection, database, pools, log }) {
    this.options = options;
    this.defaultDB = database.name;
    this.hosts = connection.hosts;
    this.names = new DatabaseNames(/** @type {any} */ (options), database.fixed);
    this.logger = new Logger(log);
    this.events = new Events(this.logger);
    this.lease = new EngineLease(
      withCommandEvents(connection, options),
      pools,
      options.sharePool,
      this.names,
    );
    const operation = () => this.operation();
    const emitError = (/** @type {{dbName: string, error: Error}} */ details) =>
      this.lifecycle.emitError(details);
    this.watches = new Watches(this.logger, emitError);
    this.tenants = new Tenants({
      engine: this.lease.engine,
      options,
      clientOptions: clientOptions(connection),
      inherited: (dbName) => this.scale.get(dbName)?.inherited,
      defaultDatabase: () => this.defaultDB,
      checkName: (name) => this.use(name),
      checkOwnName: (name) => this.names.checkOwn(name),
      exists: (name) => this.names.exists(name),
      logger: this.logger,
      emit: (_event, details) => emitError(details),
      watches: this.watches,
      listTenants: (pattern) => this.directory.list(pattern),
    });
    this.scale = new Scale({
      lease: this.lease,
      sharedSize: connection.config.maxPoolSize,
      operation,
      checkName: (name) => this.names.check(name),
      known: (name) => this.names.exists(name),
      logger: this.logger,
      emitError,
    });
    this.directory = new TenantDirectory({
      engine: this.lease.engine,
      operation,
      names: this.names,
      scale: this.scale,
      tenants: this.tenants,
    });
    this.lifecycle = new Lifecycle({
      engine: this.lease.engine,
      operation,
      events: this.events,
      logger: this.logger,
      defaultDatabase: () => this.defaultDB,
      databases: () => this.tenants.databases().map(({ name }) => name),
      isDedicated: (name) => this.scale.has(name),
      connection: (name) => this.#connectionOrNone(name),
      retryMS: options.retry,
    });
    this.closing = new Closing(this);
  }

  /** What is done once, after everything exists. @param {import('./read-options').Settings} settings */
  start({ options, database, pools, warnings }) {
    for (const warning of warnings) {
      warnOnce(warning);
      this.logger.warn(warning);
    }
    for (const { name, pool } of pools) this.scale.configure(name, pool);
    this.names.exists(this.defaultDB);
    if (database.ambiguous && this.defaultDB !== FORMER_DEFAULT) this.#lookFirst();
    if (options.monitorCommands || options.slowMS !== undefined)
      reportCommands(this.lease.engine, this.logger, options.slowMS);
    this.#listenToSignals();
    if (options.coldStart) return;
    // Failures are events and log lines.
    this.connect().catch(() => {});
    this.scale.warmUp();
  }

  /** Opens the shared pool. @returns {Promise<boolean>} whether it was open */
  async connect() {
    const wasOpen = this.lifecycle.state === 'connected' && this.lease.isOpen;
    if (!this.lease.isOpen) {
      this.lease.open();
      this.#gate();
      this.#listenToSignals();
    }
    if (wasOpen) this.lifecycle.used(this.defaultDB);
    else await this.lifecycle.connect();
    await this.#look?.();
    return wasOpen;
  }

  /** Closes the connections; the next operation opens them again. */
  async disconnect() {
    await this.closing.disconnect();
    // Others keep a shared engine connected, so nothing will tell when this wrapper uses it again.
    if (this.lease.isShared && this.#look === null)
      this.lease.gate(async () => {
        this.lease.ungate();
        this.lifecycle.follow();
      });
  }

  /** @param {() => Promise<import('./closing').CloseReport>} close */
  async close(close) {
    const report = await close();
    if (!this.lease.isOpen) this.#stopSignals();
    return report;
  }

  /** A checked name that is used from now on. @param {unknown} name @returns {string} */
  use(name) {
    const checked = this.names.check(name);
    this.lifecycle.used(checked);
    return checked;
  }

  /** @param {any} model */
  adopt(model) {
    this.#base ??= model.base;
  }

  /** The first model's Mongoose; before that, the application's. */
  mongoose() {
    if (this.#base === null) this.#found ??= findMongoose();
    return this.#base ?? this.#found;
  }

  /** What an operation of the wrapper's own says of itself: a read, in the classes of the application's Mongoose. */
  operation() {
    return { codec: codecOfMongoose(this.mongoose()), read: true };
  }

  /** @param {string} name */
  connection(name) {
    return this.tenants.connection(this.mongoose(), name);
  }

  /** For events: an application without any Mongoose in reach still gets them. @param {string} name */
  #connectionOrNone(name) {
    try {
      return this.connection(name);
    } catch {
      return undefined;
    }
  }

  #listenToSignals() {
    this.#stopSignals();
    this.#stopSignals = handleSignals(this.options.handleSignals, this.closing);
  }

  #lookFirst() {
    const look = firstLook({
      engine: this.lease.ungated,
      operation: () => this.operation(),
      dbName: this.defaultDB,
      formerDefault: FORMER_DEFAULT,
      models: () => this.tenants.modelsIn(this.defaultDB),
    });
    this.#look = async () => {
      await look();
      this.#look = null;
      this.lease.ungate();
    };
    this.#gate();
  }

  /** Nothing gets to the server before the look has been taken. */
  #gate() {
    if (this.#look !== null) this.lease.gate(async () => this.#look?.());
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

exports.Core = Core;
