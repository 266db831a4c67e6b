'use strict';

const { FIND, findFilter, setProjection, setSort, settleBatches } = require('../protocol/find-command');
const { normalizeHint } = require('../protocol/hint');
const { MongoDBNamespace } = require('../protocol/namespace');
const { rules } = require('../protocol/rules');
const { formatSort } = require('../protocol/sort');
const { AbstractCursor } = require('./abstract-cursor');
const { COUNT } = require('../protocol/count-command');
const { AS_JSON, CURSOR, EXPLAIN, Operation, READ } = require('./operation');

const OPTIONS = rules(READ, CURSOR, EXPLAIN, FIND, AS_JSON);

/** What `addQueryModifier` still knows. */
const MODIFIERS = new Map([
  ['$comment', 'comment'],
  ['$explain', 'explain'],
  ['$hint', 'hint'],
  ['$max', 'max'],
  ['$maxTimeMS', 'maxTimeMS'],
  ['$min', 'min'],
  ['$orderby', 'sort'],
  ['$returnKey', 'returnKey'],
  ['$showDiskLoc', 'showRecordId'],
]);

/** The cursor of a `find`. */
class FindCursor extends AbstractCursor {
  /**
   * @param {any} collection
   * @param {any} filter
   * @param {any} [options]
   */
  constructor(collection, filter, options) {
    const body = { find: collection.collectionName, filter };
    const op = Operation.reading(collection.s);
    op.take(OPTIONS, options, body);
    super(collection.client, collection.dbName, body, op);
    this.collection = collection;
    this.returned = 0;
  }

  get namespace() {
    return new MongoDBNamespace(this.dbName, this.body.find);
  }

  clone() {
    return this.cloneInto(new FindCursor(this.collection, this.body.filter));
  }

  rewind() {
    super.rewind();
    this.returned = 0;
  }

  prepare() {
    this.body.filter = findFilter(this.op.codec, this.body.filter);
    settleBatches(this.body);
  }

  /**
   * A server may keep a cursor open whose limit is reached; nobody has to ask it once more.
   * @param {import('./outcome').Batch} batch
   * @param {number} life
   */
  accept(batch, life) {
    super.accept(batch, life);
    if (life !== this.life) return;
    this.returned += batch.documents.length;
    const { limit } = this.body;
    if (this.handle === 0 || !limit || this.returned < limit) return;
    this.letGo();
    this.finish();
  }

  /** @param {number} value */
  setBatchSize(value) {
    this.body.batchSize = value;
  }

  /**
   * @param {any} [verbosity]
   * @param {any} [options]
   */
  async explain(verbosity, options) {
    return await this.explainWith(verbosity, options);
  }

  /** @param {any} [options] */
  async count(options) {
    const { codec } = this.op;
    if (typeof options === 'boolean') {
      throw new codec.mongo.MongoInvalidArgumentError('Invalid first parameter to count');
    }
    const { filter, limit, skip, hint, maxTimeMS, collation } = this.body;
    const op = this.op.copy();
    op.clientSession = this.op.clientSession;
    /** @type {any} */
    const body = { count: this.body.find, query: filter };
    op.take(COUNT, { limit, skip, hint, maxTimeMS, collation, ...options }, body);
    return (await op.execute(this.dbName, body)).n ?? 0;
  }

  /** @param {any} filter */
  filter(filter) {
    this.throwIfInitialized();
    this.body.filter = filter;
    return this;
  }

  /** @param {any} hint */
  hint(hint) {
    this.throwIfInitialized();
    this.body.hint = normalizeHint(hint);
    return this;
  }

  /** @param {any} min */
  min(min) {
    this.throwIfInitialized();
    this.body.min = min;
    return this;
  }

  /** @param {any} max */
  max(max) {
    this.throwIfInitialized();
    this.body.max = max;
    return this;
  }

  /** @param {boolean} value */
  returnKey(value) {
    this.throwIfInitialized();
    this.body.returnKey = value;
    return this;
  }

  /** @param {boolean} value */
  showRecordId(value) {
    this.throwIfInitialized();
    this.body.showRecordId = value;
    return this;
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  addQueryModifier(name, value) {
    this.throwIfInitialized();
    const { MongoInvalidArgumentError } = this.op.codec.mongo;
    if (name[0] !== '$') throw new MongoInvalidArgumentError(`${name} is not a valid query modifier`);
    if (name === '$query') return this.filter(value);
    const option = MODIFIERS.get(name);
    if (option === undefined) throw new MongoInvalidArgumentError(`Invalid query modifier: ${name}`);
    this.op.take(OPTIONS, { [option]: value }, this.body);
    return this;
  }

  /** @param {any} value */
  comment(value) {
    this.throwIfInitialized();
    this.body.comment = value;
    return this;
  }

  /** @param {number} value */
  maxAwaitTimeMS(value) {
    this.throwIfInitialized();
    this.op.maxAwaitTimeMS = this.requireNumber(value, 'Argument for maxAwaitTimeMS must be a number');
    return this;
  }

  /** @param {any} value */
  project(value) {
    this.throwIfInitialized();
    setProjection(this.body, value);
    return this;
  }

  /**
   * @param {any} sort
   * @param {any} [direction]
   */
  sort(sort, direction) {
    this.throwIfInitialized();
    this.refuseOnTailable('sorting');
    setSort(this.body, formatSort(this.op.codec, sort, direction));
    return this;
  }

  allowDiskUse(allow = true) {
    this.throwIfInitialized();
    if (!this.body.sort) {
      throw new this.op.codec.mongo.MongoInvalidArgumentError(
        'Option "allowDiskUse" requires a sort specification',
      );
    }
    this.body.allowDiskUse = Boolean(allow);
    return this;
  }

  /** @param {any} value */
  collation(value) {
    this.throwIfInitialized();
    this.body.collation = value;
    return this;
  }

  /** @param {number} value */
  limit(value) {
    this.throwIfInitialized();
    this.refuseOnTailable('limit');
    this.body.limit = this.requireNumber(value, 'Operation "limit" requires an integer');
    return this;
  }

  /** @param {number} value */
  skip(value) {
    this.throwIfInitialized();
    this.refuseOnTailable('skip');
    this.body.skip = this.requireNumber(value, 'Operation "skip" requires an integer');
    return this;
  }

  /** @param {string} what */
  refuseOnTailable(what) {
    if (!this.body.tailable) return;
    throw new this.op.codec.mongo.MongoTailableCursorError(`Tailable cursor does not support ${what}`);
  }
}

exports.FindCursor = FindCursor;
