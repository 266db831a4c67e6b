'use strict';

const { indexDescription, indexKey } = require('../protocol/index-specification');
const { checkWellFormed } = require('../protocol/namespace');
const { own } = require('../protocol/own');
const { rules, settings } = require('../protocol/rules');
const { ListIndexesCursor } = require('./list-indexes-cursor');
const { ListSearchIndexesCursor } = require('./list-search-indexes-cursor');
const { NO_EXPLAIN, Operation, WRITE } = require('./operation');

const CREATE = rules(WRITE, NO_EXPLAIN, settings('commitQuorum'));
// It is each index's own.
delete CREATE.collation;
const DROP = rules(WRITE, NO_EXPLAIN);

const NAMESPACE_NOT_FOUND = 26;

/** What a collection can do about its indexes. */
class CollectionIndexes {
  /**
   * @param {any} db
   * @param {string} name
   * @param {any} [options]
   */
  constructor(db, name, options) {
    checkWellFormed(db.s.codec, 'Collection', name);
    this.db = db;
    this.collectionName = name;
    /** @type {import('./settings').Settings} */
    this.s = db.s.refine(options);
  }

  /** @returns {string} */
  get dbName() {
    return this.db.databaseName;
  }

  /**
   * @param {any} specification
   * @param {any} [options] of the index and of the command, unless the third argument has the latter
   * @param {any} [commandOptions]
   */
  async createIndex(specification, options, commandOptions) {
    const apart = commandOptions != null;
    const index = indexDescription(indexKey(specification), options, apart);
    const [name] = await this.sendIndexes([index], apart ? commandOptions : options);
    return name;
  }

  /**
   * @param {any[]} specifications
   * @param {any} [options]
   * @param {boolean} [allowUnknownIndexOptions]
   */
  async createIndexes(specifications, options, allowUnknownIndexOptions = false) {
    const indexes = specifications.map((given) => {
      const key = given.key instanceof Map ? given.key : new Map(Object.entries(given.key));
      return indexDescription(key, given, allowUnknownIndexOptions);
    });
    return await this.sendIndexes(indexes, { ...options, maxTimeMS: undefined });
  }

  /**
   * @param {any[]} indexes
   * @param {any} options
   * @returns {Promise<string[]>} their names
   */
  async sendIndexes(indexes, options) {
    const op = Operation.writing(this.s, false);
    const body = { createIndexes: this.collectionName, indexes };
    op.take(CREATE, options, body);
    await op.execute(this.dbName, body);
    return indexes.map(({ name }) => name);
  }

  /**
   * @param {string} index
   * @param {any} [options]
   */
  async dropIndex(index, options) {
    const op = Operation.writing(this.s, false);
    const body = { dropIndexes: this.collectionName, index };
    op.take(DROP, options, body);
    return await op.execute(this.dbName, body);
  }

  /**
   * @param {any} [options]
   * @returns {Promise<boolean>} whether it worked: failures are not told apart, as in the official driver
   */
  async dropIndexes(options) {
    const { MongoServerError } = this.s.codec.mongo;
    try {
      await this.dropIndex('*', options);
      return true;
    } catch (error) {
      if (error instanceof MongoServerError) return false;
      throw error;
    }
  }

  /** @param {any} [options] */
  listIndexes(options) {
    return new ListIndexesCursor(this, options);
  }

  /** @param {any} [options] */
  async indexes(options) {
    const indexes = await this.listIndexes(options).toArray();
    if (own(options, 'full') ?? true) return indexes;
    return Object.fromEntries(indexes.map(({ name, key }) => [name, Object.entries(key)]));
  }

  /** @param {any} [options] */
  async indexInformation(options) {
    return await this.indexes({ ...options, full: own(options, 'full') ?? false });
  }

  /**
   * @param {string | string[]} names
   * @param {any} [options]
   */
  async indexExists(names, options) {
    const existing = new Set((await this.listIndexes(options).toArray()).map(({ name }) => name));
    return [names].flat().every((name) => existing.has(name));
  }

  /**
   * @param {any} [nameOrOptions]
   * @param {any} [options]
   */
  listSearchIndexes(nameOrOptions, options) {
    const named = typeof nameOrOptions === 'string';
    return new ListSearchIndexesCursor(
      this,
      named ? nameOrOptions : null,
      named ? options : (nameOrOptions ?? options),
    );
  }

  /** @param {any} description */
  async createSearchIndex(description) {
    const [name] = await this.createSearchIndexes([description]);
    return name;
  }

  /** @param {any[]} indexes */
  async createSearchIndexes(indexes) {
    const reply = await this.searchIndexCommand({ createSearchIndexes: this.collectionName, indexes });
    return reply.indexesCreated.map((/** @type {any} */ { name }) => name);
  }

  /** @param {string} name */
  async dropSearchIndex(name) {
    const { MongoServerError } = this.s.codec.mongo;
    try {
      await this.searchIndexCommand({ dropSearchIndex: this.collectionName, name });
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_NOT_FOUND) throw error;
    }
  }

  /**
   * @param {string} name
   * @param {any} definition
   */
  async updateSearchIndex(name, definition) {
    await this.searchIndexCommand({ updateSearchIndex: this.collectionName, name, definition });
  }

  /** @param {any} body */
  async searchIndexCommand(body) {
    return await new Operation(this.s).execute(this.dbName, body);
  }
}

exports.CollectionIndexes = CollectionIndexes;
