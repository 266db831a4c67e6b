'use strict';

const { EventEmitter } = require('node:events');
const { redactValue } = require('../protocol/redact');
const { TopologyDescription } = require('../protocol/topology-description');
const { ChangeStream } = require('./change-stream');
const { clientBulkWrite } = require('./client-bulk-write');
const { Db } = require('./db');
const { EventRelay } = require('./event-relay');
const { OpenStreams } = require('./open-streams');
const { ClientSession } = require('./session');
const { Settings } = require('./settings');

const DEFAULT_DATABASE = 'test';

/**
 * What users know as a `MongoClient`. There is one for each database that is in use, all on one engine: such a facade is
 * cheap, and its argument-less `db()` is its own database.
 */
class MongoClient extends EventEmitter {
  /**
   * @param {Settings} settings
   * @param {string} dbName
   * @param {ClientHooks} hooks
   */
  constructor(settings, dbName, hooks) {
    super();
    this.s = settings;
    this.dbName = dbName;
    this.hooks = hooks;
    /** @type {EventRelay | null} */
    this.relay = null;
    /** @type {{known: any, topology: any} | null} */
    this.shownTopology = null;
    // Mongoose keeps two flags of its own here.
    /** @type {any} */
    this._closeCalled = undefined;
    /** @type {any} */
    this._destroyCalled = undefined;
  }

  get options() {
    return this.s.options;
  }

  get bsonOptions() {
    return this.s.bsonOptions;
  }

  get readPreference() {
    return this.s.readPreference;
  }

  get readConcern() {
    return this.s.officialReadConcern;
  }

  get writeConcern() {
    return this.s.officialWriteConcern;
  }

  get timeoutMS() {
    return this.s.timeoutMS ?? undefined;
  }

  get serverApi() {
    return this.s.options.serverApi;
  }

  get monitorCommands() {
    return this.s.options.monitorCommands === true;
  }

  /** As much of the official topology as others look at. */
  get topology() {
    const { engine, options } = this.s;
    const known = engine.topology(this.dbName);
    // Mongoose looks here whenever it wants to know its state.
    if (this.shownTopology === null || this.shownTopology.known !== known) {
      const description = new TopologyDescription(known, options.heartbeatFrequencyMS);
      const topology = { description, s: { description }, isConnected: () => known?.state === 'connected' };
      this.shownTopology = { known, topology };
    }
    return this.shownTopology.topology;
  }

  /**
   * The same client over another database.
   * @param {string} dbName
   */
  boundTo(dbName) {
    return new MongoClient(this.s, dbName, this.hooks);
  }

  /**
   * @param {string} [name] absent: the client's own database
   * @param {any} [options]
   */
  db(name, options) {
    return new Db(this, name || this.dbName, options);
  }

  /** Libraries name themselves here; what goes into a handshake is decided when the engine is made. */
  appendMetadata() {}

  async connect() {
    await this.s.engine.connect(this.dbName, { codec: this.s.codec });
    this.emit('open', this);
    return this;
  }

  /** @param {boolean} [force] */
  async close(force = false) {
    if (this.hooks.close !== null) return await this.hooks.close(this, force === true);
    await this.s.engine.close({ force: force === true, closeCursors: true });
    await this.hooks.streams.closeAll();
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /** @param {any} [options] */
  startSession(options) {
    return new ClientSession(this, options);
  }

  /**
   * @param {any} optionsOrFn
   * @param {(session: ClientSession) => Promise<any>} [fn]
   */
  async withSession(optionsOrFn, fn) {
    const run = typeof optionsOrFn === 'function' ? optionsOrFn : fn;
    if (typeof run !== 'function') {
      throw new this.s.codec.mongo.MongoInvalidArgumentError('Missing required callback parameter');
    }
    const session = this.startSession(typeof optionsOrFn === 'object' ? optionsOrFn : undefined);
    try {
      return await run(session);
    } finally {
      await session.endSession();
    }
  }

  /**
   * @param {any[]} models
   * @param {any} [options]
   */
  async bulkWrite(models, options) {
    return await clientBulkWrite(this, models, options);
  }

  /**
   * @param {any} [pipeline]
   * @param {any} [options]
   */
  watch(pipeline = [], options) {
    return new ChangeStream({ s: this.s }, pipeline, options);
  }

  /**
   * @param {string | symbol} event
   * @param {(...args: any[]) => void} listener
   */
  on(event, listener) {
    super.on(event, listener);
    return this.follow(event);
  }

  /**
   * @param {string | symbol} event
   * @param {(...args: any[]) => void} listener
   */
  addListener(event, listener) {
    return this.on(event, listener);
  }

  /**
   * @param {string | symbol} event
   * @param {(...args: any[]) => void} listener
   */
  prependListener(event, listener) {
    super.prependListener(event, listener);
    return this.follow(event);
  }

  /**
   * The engine is asked for events only while somebody listens: there may be thousands of facades.
   * @param {string | symbol} event
   */
  follow(event) {
    if (EventRelay.knows(event)) {
      this.relay ??= new EventRelay(this);
      this.relay.follow(event);
    }
    return this;
  }
}

/**
 * What the owner of a client may want to decide itself.
 * @typedef {object} ClientHooks
 * @property {((client: MongoClient, force: boolean) => Promise<void>) | null} close in the place of closing the engine
 * @property {OpenStreams} streams those of all clients that share the settings
 */

/**
 * @param {any} engine
 * @param {import('../protocol/codec').Codec} codec
 * @param {any} [options] `dbName`, `readPreference`, `readConcern`, `writeConcern`, `timeoutMS`, the BSON options (flat or
 *   under `bsonOptions`), whatever else `client.options` shall show, and the hooks
 *   `close`, `watched` and `context` (what the running code's context says: a session, a deadline)
 * @returns {MongoClient}
 */
function createClient(engine, codec, options = {}) {
  const { close = null, watched = null, context = null, bsonOptions, ...given } = options;
  // Credentials are the engine's: `client.options` is printed and passed around.
  const shown = redactValue(given);
  const settings = new Settings(engine, codec, { ...bsonOptions, ...shown }, null);
  const streams = new OpenStreams();
  settings.watched = watched ?? ((stream) => streams.add(stream));
  settings.context = context;
  settings.options.hosts ??= engine.hosts;
  settings.options.readPreference = settings.readPreference;
  return new MongoClient(settings, shown.dbName || DEFAULT_DATABASE, { close, streams });
}

exports.MongoClient = MongoClient;
exports.createClient = createClient;
