'use strict';

const { createCommand, CREATE } = require('../protocol/create-command');
const { checkWellFormed, MongoDBNamespace } = require('../protocol/namespace');
const { own } = require('../protocol/own');
const { rules, values } = require('../protocol/rules');
const { Admin } = require('./admin');
const { AggregationCursor } = require('./aggregation-cursor');
const { ChangeStream } = require('./change-stream');
const { Collection } = require('./collection');
const { ListCollectionsCursor } = require('./list-collections-cursor');
const { COMMON, NO_EXPLAIN, Operation, READ_PREFERENCE, WRITE } = require('./operation');
const { RunCommandCursor } = require('./run-command-cursor');

const { isView } = ArrayBuffer;

const NAMESPACE_NOT_FOUND = 26;

const PROFILING_LEVELS = ['off', 'slow_only', 'all'];

const OPTIONS = {
  command: rules(COMMON, READ_PREFERENCE),
  create: rules(WRITE, NO_EXPLAIN, CREATE),
  write: rules(WRITE, NO_EXPLAIN),
  rename: rules(WRITE, NO_EXPLAIN, {
    dropTarget(body, value) {
      body.dropTarget = value === true;
    },
  }),
  stats: rules(READ_PREFERENCE, NO_EXPLAIN, values('scale')),
  read: rules(READ_PREFERENCE, NO_EXPLAIN),
};
delete OPTIONS.command.maxTimeMS;
delete OPTIONS.command.collation;

/** A database with the official driver's members. */
class Db {
  /**
   * @param {any} client
   * @param {string} databaseName
   * @param {any} [options]
   */
  constructor(client, databaseName, options) {
    /** @type {import('./settings').Settings} */
    this.s = client.s.refine(options);
    const { codec } = this.s;
    const { MongoInvalidArgumentError } = codec.mongo;
    if (typeof databaseName !== 'string') {
      throw new MongoInvalidArgumentError(`Database names must be strings, got a ${typeof databaseName}`);
    }
    checkWellFormed(codec, 'Database', databaseName);
    if (databaseName.includes('.')) {
      throw new MongoInvalidArgumentError(`Database names cannot contain the character '.'`);
    }
    this.client = client;
    this.databaseName = databaseName;
  }

  get dbName() {
    return this.databaseName;
  }

  get namespace() {
    return this.databaseName;
  }

  get fullNamespace() {
    return new MongoDBNamespace(this.databaseName);
  }

  get options() {
    return this.s.options;
  }

  get secondaryOk() {
    return this.s.readPreference.mode !== 'primary';
  }

  get readConcern() {
    return this.s.officialReadConcern;
  }

  get readPreference() {
    return this.s.readPreference;
  }

  get writeConcern() {
    return this.s.officialWriteConcern;
  }

  get bsonOptions() {
    return this.s.bsonOptions;
  }

  get timeoutMS() {
    return this.s.timeoutMS ?? undefined;
  }

  /**
   * @param {string} name
   * @param {any} [options]
   */
  collection(name, options) {
    if (typeof options === 'function') {
      throw new this.s.codec.mongo.MongoInvalidArgumentError(
        'The callback form of this helper has been removed.',
      );
    }
    return new Collection(this, name, options);
  }

  admin() {
    return new Admin(this);
  }

  /**
   * Runs a command as it is: no concerns, preferences or BSON options are inherited, as in the official driver.
   * @param {any} command
   * @param {any} [options]
   */
  async command(command, options) {
    return await this.runCommand(this.databaseName, command, options);
  }

  /**
   * @param {string} databaseName
   * @param {any} command
   * @param {any} options
   */
  async runCommand(databaseName, command, options) {
    if (command === null || typeof command !== 'object' || Array.isArray(command) || isView(command)) {
      throw new this.s.codec.mongo.MongoInvalidArgumentError(
        'Argument "command" must be an object whose first key is the name of a command',
      );
    }
    const op = new Operation(this.s);
    op.take(OPTIONS.command, options, {});
    op.takeBsonOptions(options);
    return await op.execute(databaseName, command);
  }

  /**
   * @param {any} command
   * @param {any} [options]
   */
  runCursorCommand(command, options) {
    return new RunCommandCursor(this, command, options);
  }

  /**
   * @param {any[]} [pipeline]
   * @param {any} [options]
   */
  aggregate(pipeline = [], options) {
    if (!Array.isArray(pipeline)) {
      throw new this.s.codec.mongo.MongoInvalidArgumentError(
        'Argument "pipeline" must be an array of aggregation stages',
      );
    }
    return new AggregationCursor(this, pipeline, options);
  }

  /**
   * @param {any} [pipeline]
   * @param {any} [options]
   */
  watch(pipeline = [], options) {
    return new ChangeStream(this, pipeline, options);
  }

  /**
   * @param {string} name
   * @param {any} [options]
   */
  async createCollection(name, options) {
    checkWellFormed(this.s.codec, 'Collection', name);
    const body = createCommand(name);
    await this.write(OPTIONS.create, options, body);
    return this.collection(name, options);
  }

  /**
   * @param {string} name
   * @param {any} [options]
   * @returns {Promise<boolean>} whether there was such a collection
   */
  async dropCollection(name, options) {
    const { MongoServerError } = this.s.codec.mongo;
    checkWellFormed(this.s.codec, 'Collection', name);
    try {
      await this.write(OPTIONS.write, options, { drop: name });
      return true;
    } catch (error) {
      if (error instanceof MongoServerError && Number(error.code) === NAMESPACE_NOT_FOUND) return false;
      throw error;
    }
  }

  /** @param {any} [options] */
  async dropDatabase(options) {
    await this.write(OPTIONS.write, options, { dropDatabase: 1 });
    return true;
  }

  /**
   * @param {string} from
   * @param {string} to
   * @param {any} [options]
   */
  async renameCollection(from, to, options) {
    for (const name of [from, to]) checkWellFormed(this.s.codec, 'Collection', name);
    const namespace = (/** @type {string} */ name) => `${this.databaseName}.${name}`;
    const op = new Operation(this.s);
    const body = { renameCollection: namespace(from), to: namespace(to), dropTarget: false };
    op.take(OPTIONS.rename, options, body);
    await op.execute('admin', body);
    return this.collection(to);
  }

  /**
   * @param {any} [filter]
   * @param {any} [options]
   */
  listCollections(filter = {}, options) {
    return new ListCollectionsCursor(this, filter, options);
  }

  /** @param {any} [options] */
  async collections(options) {
    const found = await this.listCollections({}, { ...options, nameOnly: true }).toArray();
    return found.filter(({ name }) => !name.includes('$')).map(({ name }) => this.collection(name));
  }

  /**
   * @param {string} name
   * @param {any} specification
   * @param {any} [options]
   */
  async createIndex(name, specification, options) {
    return await this.collection(name).createIndex(specification, options);
  }

  /**
   * @param {string} name
   * @param {any} [options]
   */
  async indexInformation(name, options) {
    return await this.collection(name).indexInformation(options);
  }

  /** @param {any} [options] */
  async stats(options) {
    const op = Operation.reading(this.s);
    const body = { dbStats: true };
    return await this.askOnce(op, OPTIONS.stats, options, body);
  }

  /** @param {any} [options] */
  async profilingLevel(options) {
    const { was } = await this.askOnce(Operation.reading(this.s), OPTIONS.read, options, { profile: -1 });
    const level = PROFILING_LEVELS[was];
    if (level !== undefined) return level;
    throw new this.s.codec.mongo.MongoUnexpectedServerResponseError(`Illegal profiling level value ${was}`);
  }

  /**
   * @param {string} level
   * @param {any} [options]
   */
  async setProfilingLevel(level, options) {
    const profile = PROFILING_LEVELS.indexOf(level);
    if (profile === -1) {
      throw new this.s.codec.mongo.MongoInvalidArgumentError(
        `Profiling level must be one of "${PROFILING_LEVELS.join(', ')}"`,
      );
    }
    await this.askOnce(Operation.reading(this.s), OPTIONS.read, options, { profile });
    return level;
  }

  /**
   * @param {string} username
   * @param {any} [options]
   */
  async removeUser(username, options) {
    await this.write(OPTIONS.write, options, { dropUser: username }, own(options, 'dbName'));
    return true;
  }

  /**
   * @param {import('../protocol/rules').Rules} table
   * @param {any} options
   * @param {any} body
   * @param {string} [databaseName]
   */
  async write(table, options, body, databaseName = this.databaseName) {
    const op = Operation.writing(this.s, false);
    op.take(table, options, body);
    return await op.execute(databaseName, body);
  }

  /**
   * @param {Operation} op
   * @param {import('../protocol/rules').Rules} table
   * @param {any} options
   * @param {any} body
   * @param {string} [databaseName]
   */
  async askOnce(op, table, options, body, databaseName = this.databaseName) {
    op.read = false;
    op.readConcern = null;
    op.take(table, options, body);
    return await op.execute(databaseName, body);
  }
}

exports.Db = Db;
