'use strict';

const { AGGREGATE, countPipeline } = require('../protocol/aggregate-command');
const { COUNT } = require('../protocol/count-command');
const {
  FIND_AND_MODIFY,
  FIND_ONE_AND_REPLACE,
  FIND_ONE_AND_UPDATE,
  requireObject,
} = require('../protocol/find-and-modify-command');
const { FIND_ONE, findFilter } = require('../protocol/find-command');
const { normalizeHint } = require('../protocol/hint');
const { MongoDBNamespace } = require('../protocol/namespace');
const { own } = require('../protocol/own');
const { deleteResult, insertOneResult, updateResult } = require('../protocol/results');
const { objects, rules, settings, values } = require('../protocol/rules');
const { DELETE, INSERT, UPDATE } = require('../protocol/write-commands');
const {
  deleteStatement,
  isDocument,
  refuseOperators,
  requireOperators,
  updateStatement,
} = require('../protocol/write-statements');
const { Undecodable } = require('../protocol/undecodable');
const { AggregationCursor } = require('./aggregation-cursor');
const { OrderedBulkOperation, UnorderedBulkOperation } = require('./bulk-operation');
const { insertMany } = require('./bulk-write');
const { ChangeStream } = require('./change-stream');
const { CollectionIndexes } = require('./collection-indexes');
const { FindCursor } = require('./find-cursor');
const { VALUE } = require('./op-settings');
const { AS_JSON, EXPLAIN, NO_EXPLAIN, Operation, READ, WRITE } = require('./operation');

const RULES = {
  findOne: rules(READ, EXPLAIN, FIND_ONE, AS_JSON),
  insertOne: rules(WRITE, NO_EXPLAIN, INSERT, {
    forceServerObjectId(_body, value, op) {
      op.forceServerObjectId = value;
    },
  }),
  update: rules(WRITE, EXPLAIN, UPDATE),
  replace: rules(WRITE, NO_EXPLAIN, UPDATE),
  delete: rules(WRITE, EXPLAIN, DELETE),
  findOneAndDelete: rules(WRITE, EXPLAIN, FIND_AND_MODIFY),
  findOneAndReplace: rules(WRITE, EXPLAIN, FIND_ONE_AND_REPLACE),
  findOneAndUpdate: rules(WRITE, EXPLAIN, FIND_ONE_AND_UPDATE),
  countDocuments: rules(READ, AGGREGATE),
  estimatedDocumentCount: rules(READ, NO_EXPLAIN, values('comment'), objects('collation')),
  count: rules(READ, NO_EXPLAIN, COUNT),
  distinct: rules(READ, EXPLAIN, values('comment'), settings('hint'), objects('collation')),
};

/** A collection with the official driver's members: decides what is asked, the engine does the asking. */
class Collection extends CollectionIndexes {
  get client() {
    return this.db.client;
  }

  get namespace() {
    return `${this.dbName}.${this.collectionName}`;
  }

  get fullNamespace() {
    return new MongoDBNamespace(this.dbName, this.collectionName);
  }

  get readConcern() {
    return this.s.officialReadConcern;
  }

  get readPreference() {
    return this.s.readPreference;
  }

  get bsonOptions() {
    return this.s.bsonOptions;
  }

  get writeConcern() {
    return this.s.officialWriteConcern;
  }

  get timeoutMS() {
    return this.s.timeoutMS ?? undefined;
  }

  get hint() {
    return this.ownHint;
  }

  set hint(hint) {
    /** @type {any} */
    this.ownHint = normalizeHint(hint);
  }

  /**
   * @param {any} document
   * @param {any} [options]
   */
  async insertOne(document, options) {
    const op = Operation.counting(this.s, true);
    const body = { insert: this.collectionName, documents: [document], ordered: true };
    op.take(RULES.insertOne, options, body);
    this.addId(document, op.forceServerObjectId);
    const reply = await op.execute(this.dbName, body);
    return insertOneResult(op.codec, op.acknowledged, reply, document._id);
  }

  /**
   * @param {any[]} documents
   * @param {any} [options]
   */
  async insertMany(documents, options) {
    if (!Array.isArray(documents)) {
      throw this.invalidArgument('Argument "docs" must be an array of documents');
    }
    return await insertMany(this, documents, options);
  }

  /**
   * @param {any[]} operations
   * @param {any} [options]
   */
  async bulkWrite(operations, options) {
    if (!Array.isArray(operations)) {
      throw this.invalidArgument('Argument "operations" must be an array of documents');
    }
    const bulk =
      own(options, 'ordered') === false
        ? this.initializeUnorderedBulkOp(options)
        : this.initializeOrderedBulkOp(options);
    for (const operation of operations) bulk.raw(operation);
    return await bulk.execute();
  }

  /**
   * @param {any} filter
   * @param {any} update
   * @param {any} [options]
   */
  updateOne(filter, update, options) {
    return this.updateWith(filter, update, false, options);
  }

  /**
   * @param {any} filter
   * @param {any} update
   * @param {any} [options]
   */
  updateMany(filter, update, options) {
    return this.updateWith(filter, update, true, options);
  }

  /**
   * @param {any} filter
   * @param {any} update
   * @param {boolean} multi
   * @param {any} options
   */
  async updateWith(filter, update, multi, options) {
    const op = Operation.counting(this.s, !multi);
    const statement = updateStatement(op.codec, filter, update, multi);
    const body = { update: this.collectionName, updates: [statement], ordered: true };
    op.take(RULES.update, options, body);
    requireOperators(op.codec, update, op.bson);
    const reply = await op.execute(this.dbName, body);
    return op.explain === null ? updateResult(op.codec, op.acknowledged, reply) : reply;
  }

  /**
   * @param {any} filter
   * @param {any} replacement
   * @param {any} [options]
   */
  async replaceOne(filter, replacement, options) {
    const op = Operation.counting(this.s, true);
    const statement = updateStatement(op.codec, filter, replacement, false);
    const body = { update: this.collectionName, updates: [statement], ordered: true };
    op.take(RULES.replace, options, body);
    refuseOperators(op.codec, replacement);
    return updateResult(op.codec, op.acknowledged, await op.execute(this.dbName, body));
  }

  /**
   * @param {any} [filter]
   * @param {any} [options]
   */
  deleteOne(filter = {}, options) {
    return this.deleteWith(deleteStatement(filter, 1), options);
  }

  /**
   * @param {any} [filter]
   * @param {any} [options]
   */
  async deleteMany(filter = {}, options) {
    // The official driver heeds a limit here.
    const limit = own(options, 'limit');
    return await this.deleteWith(deleteStatement(filter, typeof limit === 'number' ? limit : 0), options);
  }

  /**
   * @param {any} statement
   * @param {any} options
   */
  async deleteWith(statement, options) {
    const op = Operation.counting(this.s, statement.limit === 1);
    const body = { delete: this.collectionName, deletes: [statement], ordered: true };
    op.take(RULES.delete, options, body);
    const reply = await op.execute(this.dbName, body);
    return op.explain === null ? deleteResult(op.codec, op.acknowledged, reply) : reply;
  }

  /**
   * @param {any} [filter]
   * @param {any} [options]
   */
  async findOne(filter = {}, options) {
    const op = Operation.reading(this.s);
    /** @type {any} */
    const body = {
      find: this.collectionName,
      filter: findFilter(op.codec, filter),
      limit: 1,
      singleBatch: true,
    };
    op.take(RULES.findOne, options, body);
    if (op.explain !== null) return await op.execute(this.dbName, body);
    op.admit(body);
    const { documents, intact } = await this.s.engine.openCursor(this.dbName, body, op);
    const document = documents.length === 0 ? null : documents[0];
    if (!intact) throw document.error;
    return op.json === null || document === null ? document : op.json.one(op, document);
  }

  /**
   * The documents of a command whose answer fits one batch.
   * @param {Operation} op
   * @param {any} body
   * @returns {Promise<any[]>}
   */
  async firstBatch(op, body) {
    op.admit(body);
    const { documents, intact } = await this.s.engine.openCursor(this.dbName, body, op);
    if (!intact) throw documents.find((document) => document instanceof Undecodable).error;
    return documents;
  }

  /**
   * @param {any} [filter]
   * @param {any} [options]
   */
  find(filter = {}, options) {
    return new FindCursor(this, filter, options);
  }

  /**
   * @param {any} filter
   * @param {any} [options]
   */
  async findOneAndDelete(filter, options) {
    requireObject(this.s.codec, 'filter', filter);
    return await this.findAndModify(RULES.findOneAndDelete, { query: filter, remove: true }, options);
  }

  /**
   * @param {any} filter
   * @param {any} replacement
   * @param {any} [options]
   */
  async findOneAndReplace(filter, replacement, options) {
    const { codec } = this.s;
    requireObject(codec, 'filter', filter);
    requireObject(codec, 'replacement', replacement);
    refuseOperators(codec, replacement);
    return await this.findAndModify(RULES.findOneAndReplace, { query: filter, update: replacement }, options);
  }

  /**
   * @param {any} filter
   * @param {any} update
   * @param {any} [options]
   */
  async findOneAndUpdate(filter, update, options) {
    const { codec } = this.s;
    requireObject(codec, 'filter', filter);
    requireObject(codec, 'update', update);
    return await this.findAndModify(RULES.findOneAndUpdate, { query: filter, update }, options);
  }

  /**
   * @param {import('../protocol/rules').Rules} table
   * @param {{query: any, update?: any, remove?: boolean}} what
   * @param {any} options
   */
  async findAndModify(table, { query, update, remove = false }, options) {
    const op = Operation.writing(this.s, true);
    /** @type {any} */
    const body = { findAndModify: this.collectionName, query, remove, new: false, upsert: false };
    if (!remove) body.update = update;
    op.take(table, options, body);
    if (table === RULES.findOneAndUpdate) requireOperators(op.codec, update, op.bson);
    if (!op.wholeReply) op.shown = VALUE;
    const reply = await op.execute(this.dbName, body);
    // An explanation has no value and says nothing of its form, as with the official driver.
    return op.wholeReply ? reply : (reply.value ?? null);
  }

  /**
   * @param {any} [filter]
   * @param {any} [options]
   */
  async countDocuments(filter = {}, options) {
    const op = Operation.reading(this.s);
    const body = { aggregate: this.collectionName, pipeline: countPipeline(filter, options), cursor: {} };
    op.take(RULES.countDocuments, options, body);
    return (await this.firstBatch(op, body))[0]?.n ?? 0;
  }

  /** @param {any} [options] */
  async estimatedDocumentCount(options) {
    const op = Operation.reading(this.s);
    const body = { count: this.collectionName };
    op.take(RULES.estimatedDocumentCount, options, body);
    return Number((await op.execute(this.dbName, body)).n ?? 0);
  }

  /**
   * @param {any} [filter]
   * @param {any} [options]
   */
  async count(filter = {}, options) {
    const op = Operation.reading(this.s);
    const body = { count: this.collectionName, query: filter };
    op.take(RULES.count, options, body);
    return Number((await op.execute(this.dbName, body)).n ?? 0);
  }

  /**
   * @param {string} key
   * @param {any} [filter]
   * @param {any} [options]
   */
  async distinct(key, filter = {}, options) {
    const op = Operation.reading(this.s);
    const body = { distinct: this.collectionName, key, query: filter };
    op.take(RULES.distinct, options, body);
    const reply = await op.execute(this.dbName, body);
    return op.explain === null ? reply.values : reply;
  }

  /**
   * @param {any[]} [pipeline]
   * @param {any} [options]
   */
  aggregate(pipeline = [], options) {
    if (!Array.isArray(pipeline)) {
      throw this.invalidArgument('Argument "pipeline" must be an array of aggregation stages');
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

  /** @param {any} [options] */
  initializeOrderedBulkOp(options) {
    return new OrderedBulkOperation(this, options);
  }

  /** @param {any} [options] */
  initializeUnorderedBulkOp(options) {
    return new UnorderedBulkOperation(this, options);
  }

  /** @param {any} [options] */
  async options(options) {
    const [found] = await this.db
      .listCollections({ name: this.collectionName }, { ...options, nameOnly: false })
      .toArray();
    if (found?.options == null) {
      throw new this.s.codec.mongo.MongoAPIError(`collection ${this.namespace} not found`);
    }
    return found.options;
  }

  /** @param {any} [options] */
  async isCapped(options) {
    return Boolean((await this.options(options)).capped);
  }

  /** @param {any} [options] */
  async drop(options) {
    return await this.db.dropCollection(this.collectionName, options);
  }

  /**
   * @param {string} name
   * @param {any} [options]
   */
  async rename(name, options) {
    return await this.db.renameCollection(this.collectionName, name, options);
  }

  /**
   * Gives a document its `_id`, in the caller's object: lean code relies on that.
   * @param {any} document
   * @param {boolean} [forceServerObjectId]
   */
  addId(document, forceServerObjectId = this.s.forceServerObjectId) {
    if (!isDocument(document)) throw this.invalidArgument('A document to insert must be a plain object');
    if (forceServerObjectId || document._id != null) return;
    const { codec, pkFactory } = this.s;
    document._id = pkFactory === null ? new codec.ObjectId() : pkFactory.createPk();
  }

  /** @param {string} message */
  invalidArgument(message) {
    return new this.s.codec.mongo.MongoInvalidArgumentError(message);
  }
}

exports.Collection = Collection;
