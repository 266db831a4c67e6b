'use strict';

const { own } = require('../protocol/own');
const {
  deleteStatement,
  qualifyUpdate,
  refuseOperators,
  requireOperators,
  updateStatement,
} = require('../protocol/write-statements');
const { BulkWrite } = require('./bulk-write');

/** @typedef {'insert' | 'update' | 'delete'} StatementType */
/** @typedef {import('../protocol/bulk-outcome').Batch & {indexes: number[]}} Run */

/** @type {StatementType[]} */
const KINDS = ['insert', 'update', 'delete'];

/** Gathers statements, in the official shapes or through the old builder, and writes them together. */
class BulkOperation {
  /**
   * @param {any} collection
   * @param {any} options
   * @param {boolean} isOrdered
   */
  constructor(collection, options, isOrdered) {
    this.collection = collection;
    this.options = options;
    this.isOrdered = isOrdered;
    this.codec = collection.s.codec;
    const settings = collection.s.refine(options);
    this.bsonOptions = settings.bsonOptions;
    this.writeConcern = settings.officialWriteConcern;
    /** @type {Run[]} */
    this.runs = [];
    this.length = 0;
    /** For compatibility alone. */
    this.operationId = undefined;
    this.executed = false;
  }

  /** @returns {Run[]} */
  get batches() {
    return this.runs;
  }

  /** @param {any} document */
  insert(document) {
    this.collection.addId(document, own(this.options, 'forceServerObjectId'));
    return this.add('insert', document);
  }

  /** @param {any} selector */
  find(selector) {
    if (!selector) throw this.invalidArgument('Bulk find operation must specify a selector');
    return new FindOperators(this, selector);
  }

  /**
   * @param {any} operation `{insertOne}`, `{updateOne}`, `{updateMany}`, `{replaceOne}`, `{deleteOne}` or `{deleteMany}`
   */
  raw(operation) {
    if (operation == null || typeof operation !== 'object') {
      throw this.invalidArgument('Operation must be an object with an operation key');
    }
    if ('insertOne' in operation) return this.insert(operation.insertOne?.document ?? operation.insertOne);
    if ('replaceOne' in operation) return this.rawReplace(operation.replaceOne);
    if ('updateOne' in operation) return this.rawUpdate(operation.updateOne, false);
    if ('updateMany' in operation) return this.rawUpdate(operation.updateMany, true);
    if ('deleteOne' in operation) return this.rawDelete(operation.deleteOne, 1);
    if ('deleteMany' in operation) return this.rawDelete(operation.deleteMany, 0);
    throw this.invalidArgument(
      'bulkWrite only supports insertOne, updateOne, updateMany, deleteOne, deleteMany',
    );
  }

  /** @param {any} given */
  rawReplace(given) {
    this.refuseRaw(given);
    const statement = updateStatement(this.codec, given.filter, given.replacement, false);
    refuseOperators(this.codec, given.replacement, 'use');
    return this.add('update', qualifyUpdate(this.codec, statement, given));
  }

  /**
   * @param {any} given
   * @param {boolean} multi
   */
  rawUpdate(given, multi) {
    this.refuseRaw(given);
    const statement = updateStatement(this.codec, given.filter, given.update, multi);
    requireOperators(this.codec, given.update, this.bsonOptions);
    return this.add('update', qualifyUpdate(this.codec, statement, given));
  }

  /**
   * @param {any} given
   * @param {0 | 1} limit
   */
  rawDelete(given, limit) {
    this.refuseRaw(given);
    return this.add('delete', deleteStatement(given.filter, limit, given));
  }

  /** @param {any} given */
  refuseRaw(given) {
    if (given === null || typeof given !== 'object') {
      throw this.invalidArgument('A statement of a bulk write must be an object');
    }
    if ('q' in given) {
      throw this.invalidArgument('Raw operations are not allowed');
    }
  }

  /**
   * @param {StatementType} type
   * @param {any} statement
   */
  add(type, statement) {
    if (Array.isArray(statement)) throw this.invalidArgument('Operation passed in cannot be an Array');
    const run = this.runFor(type);
    run.statements.push(statement);
    run.indexes.push(this.length);
    this.length += 1;
    return this;
  }

  /**
   * Ordered: as long as the kind stays the same. Unordered: one run for each kind, in the official driver's order.
   * @param {StatementType} type
   * @returns {Run}
   */
  runFor(type) {
    const last = this.isOrdered ? this.runs.at(-1) : this.runs.find((run) => run.type === type);
    if (last?.type === type) return last;
    /** @type {number[]} */
    const indexes = [];
    /** @type {Run} */
    const run = { type, statements: [], indexes, indexOf: (position) => indexes[position] };
    this.runs.push(run);
    if (!this.isOrdered) this.runs.sort((one, other) => KINDS.indexOf(one.type) - KINDS.indexOf(other.type));
    return run;
  }

  /**
   * @param {any} [options]
   * @returns {Promise<any>} a `BulkWriteResult`
   */
  async execute(options) {
    const { MongoBatchReExecutionError } = this.codec.mongo;
    if (this.executed) throw new MongoBatchReExecutionError();
    if (this.length === 0) throw this.invalidArgument('Invalid BulkOperation, Batch cannot be empty');
    this.executed = true;
    const all = options === undefined ? this.options : { ...this.options, ...options };
    const bulk = new BulkWrite(this.collection, this.isOrdered, all);
    await bulk.execute(this.runs);
    return bulk.outcome.result;
  }

  /** @param {string} message */
  invalidArgument(message) {
    return new this.codec.mongo.MongoInvalidArgumentError(message);
  }
}

/** Statements in their order, up to the first that fails. */
class OrderedBulkOperation extends BulkOperation {
  /**
   * @param {any} collection
   * @param {any} [options]
   */
  constructor(collection, options) {
    super(collection, options, true);
  }
}

/** Statements by kind, all of them. */
class UnorderedBulkOperation extends BulkOperation {
  /**
   * @param {any} collection
   * @param {any} [options]
   */
  constructor(collection, options) {
    super(collection, options, false);
  }
}

/** What `bulk.find(selector)` offers. */
class FindOperators {
  /**
   * @param {BulkOperation} bulk
   * @param {any} selector
   */
  constructor(bulk, selector) {
    this.bulkOperation = bulk;
    this.selector = selector;
    /** @type {any} */
    this.qualifiers = {};
  }

  upsert() {
    return this.qualify('upsert', true);
  }

  /** @param {any} collation */
  collation(collation) {
    return this.qualify('collation', collation);
  }

  /** @param {any[]} arrayFilters */
  arrayFilters(arrayFilters) {
    return this.qualify('arrayFilters', arrayFilters);
  }

  /** @param {any} hint */
  hint(hint) {
    return this.qualify('hint', hint);
  }

  /** @param {any} update */
  update(update) {
    return this.addUpdate(update, true);
  }

  /** @param {any} update */
  updateOne(update) {
    requireOperators(this.bulkOperation.codec, update, this.bulkOperation.bsonOptions);
    return this.addUpdate(update, false);
  }

  /** @param {any} replacement */
  replaceOne(replacement) {
    refuseOperators(this.bulkOperation.codec, replacement, 'use');
    return this.addUpdate(replacement, false);
  }

  deleteOne() {
    return this.bulkOperation.add('delete', deleteStatement(this.selector, 1, this.qualifiers));
  }

  delete() {
    return this.bulkOperation.add('delete', deleteStatement(this.selector, 0, this.qualifiers));
  }

  /**
   * @param {any} update
   * @param {boolean} multi
   */
  addUpdate(update, multi) {
    const { codec } = this.bulkOperation;
    const statement = updateStatement(codec, this.selector, update, multi);
    return this.bulkOperation.add('update', qualifyUpdate(codec, statement, this.qualifiers));
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  qualify(name, value) {
    this.qualifiers[name] = value;
    return this;
  }
}

exports.OrderedBulkOperation = OrderedBulkOperation;
exports.UnorderedBulkOperation = UnorderedBulkOperation;
