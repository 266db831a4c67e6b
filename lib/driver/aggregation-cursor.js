'use strict';

const { AGGREGATE, hasWriteStage } = require('../protocol/aggregate-command');
const { MongoDBNamespace } = require('../protocol/namespace');
const { rules } = require('../protocol/rules');
const { AbstractCursor } = require('./abstract-cursor');
const { AS_JSON, CURSOR, EXPLAIN, Operation, READ, WRITE } = require('./operation');

const OPTIONS = rules(WRITE, READ, CURSOR, EXPLAIN, AGGREGATE, AS_JSON);

/** The cursor of an `aggregate` on a collection or on a database. */
class AggregationCursor extends AbstractCursor {
  /**
   * @param {any} parent a collection or a database
   * @param {any[]} pipeline
   * @param {any} [options]
   */
  constructor(parent, pipeline, options) {
    /** @type {any} */
    const body = { aggregate: parent.collectionName ?? 1, pipeline: [...pipeline], cursor: {} };
    const op = Operation.reading(parent.s);
    op.take(OPTIONS, options, body);
    super(parent.client, parent.dbName, body, op);
    this.parent = parent;
  }

  get namespace() {
    return new MongoDBNamespace(this.dbName, this.parent.collectionName);
  }

  get pipeline() {
    return this.body.pipeline;
  }

  clone() {
    return this.cloneInto(new AggregationCursor(this.parent, this.pipeline));
  }

  prepare() {
    const { op, body } = this;
    if (!hasWriteStage(body.pipeline)) {
      op.writeConcern = null;
      return;
    }
    op.json = null;
    // Written on the primary, once, with a reply that has to be looked at for write concern errors.
    op.read = false;
    op.readPreference = null;
    op.ownReadPreference = true;
    op.writeConcern ??= op.settings.writeConcern;
    delete body.cursor.batchSize;
  }

  /** @param {any} body */
  start(body) {
    if (this.op.explain === null && hasWriteStage(body.pipeline)) {
      return this.startWithReply(body, (reply) => reply.cursor?.firstBatch ?? []);
    }
    return super.start(body);
  }

  /**
   * @param {any} [verbosity]
   * @param {any} [options]
   */
  async explain(verbosity, options) {
    return await this.explainWith(verbosity, options);
  }

  /** @param {any} stage */
  addStage(stage) {
    this.throwIfInitialized();
    this.body.pipeline.push(stage);
    return this;
  }

  /** @param {any} $group */
  group($group) {
    return this.addStage({ $group });
  }

  /** @param {number} $limit */
  limit($limit) {
    return this.addStage({ $limit });
  }

  /** @param {any} $match */
  match($match) {
    return this.addStage({ $match });
  }

  /** @param {any} $out */
  out($out) {
    return this.addStage({ $out });
  }

  /** @param {any} $project */
  project($project) {
    return this.addStage({ $project });
  }

  /** @param {any} $lookup */
  lookup($lookup) {
    return this.addStage({ $lookup });
  }

  /** @param {any} $redact */
  redact($redact) {
    return this.addStage({ $redact });
  }

  /** @param {number} $skip */
  skip($skip) {
    return this.addStage({ $skip });
  }

  /** @param {any} $sort */
  sort($sort) {
    return this.addStage({ $sort });
  }

  /** @param {any} $unwind */
  unwind($unwind) {
    return this.addStage({ $unwind });
  }

  /** @param {any} $geoNear */
  geoNear($geoNear) {
    return this.addStage({ $geoNear });
  }
}

exports.AggregationCursor = AggregationCursor;
