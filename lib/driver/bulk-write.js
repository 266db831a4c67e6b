'use strict';

const { isRetryable, splitByCount, splitBySize } = require('../protocol/bulk-batches');
const { BulkOutcome } = require('../protocol/bulk-outcome');
const { own } = require('../protocol/own');
const { rules } = require('../protocol/rules');
const { DELETES, INSERT, UPDATES } = require('../protocol/write-commands');
const { NO_EXPLAIN, Operation, WRITE } = require('./operation');

/** @typedef {import('../protocol/bulk-outcome').Batch} Batch */

const OPTIONS = {
  insert: rules(WRITE, NO_EXPLAIN, INSERT),
  update: rules(WRITE, NO_EXPLAIN, UPDATES),
  delete: rules(WRITE, NO_EXPLAIN, DELETES),
};

const STATEMENTS = { insert: 'documents', update: 'updates', delete: 'deletes' };

const BSON_OBJECT_TOO_LARGE = 10334;

/** One bulk write on its way: batches go out one after the other, their replies are gathered. */
class BulkWrite {
  /**
   * @param {any} collection
   * @param {boolean} ordered
   * @param {any} options
   */
  constructor(collection, ordered, options) {
    this.collection = collection;
    this.ordered = ordered;
    this.options = options;
    this.outcome = new BulkOutcome(collection.s.codec, ordered);
    this.acknowledged = true;
    /** @type {number | null} */
    this.deadline = null;
  }

  /**
   * @param {Batch[]} runs
   * @returns {Promise<any>} a `BulkWriteResult`
   */
  async execute(runs) {
    for (const run of runs) {
      for (const batch of splitByCount(run)) await this.send(batch);
    }
    this.outcome.throwIfFailed();
    return this.outcome.result;
  }

  /** @param {Batch} batch */
  async send(batch) {
    const op = Operation.writing(this.collection.s, isRetryable(batch));
    /** @type {any} */
    const body = { [batch.type]: this.collection.collectionName, [STATEMENTS[batch.type]]: batch.statements };
    op.take(OPTIONS[batch.type], this.options, body);
    body.ordered = this.ordered;
    this.keepDeadline(op);
    this.acknowledged = op.acknowledged;
    let reply;
    try {
      reply = await op.execute(this.collection.dbName, body);
    } catch (error) {
      return await this.recover(batch, op, error);
    }
    this.accept(batch, reply);
  }

  /**
   * @param {Batch} batch
   * @param {any} reply
   */
  accept(batch, reply) {
    this.outcome.started = true;
    if (!this.acknowledged) return this.outcome.mergeUnacknowledged(batch);
    this.outcome.merge(batch, reply);
    if (this.ordered) this.outcome.throwIfFailed();
  }

  /**
   * @param {Batch} batch
   * @param {Operation} op
   * @param {any} error
   */
  async recover(batch, op, error) {
    const { codec } = op;
    if (isTooLarge(error)) {
      const parts = splitBySize(codec, batch, op.bson);
      if (parts.length > 1) {
        for (const part of parts) await this.send(part);
        return;
      }
    } else if (error instanceof codec.mongo.MongoWriteConcernError) {
      this.outcome.started = true;
      this.outcome.merge(batch, error.result);
    } else if (!isRefusal(codec, error)) {
      // The command itself failed, and the server may have begun it.
      this.outcome.started = true;
    }
    throw this.outcome.failure(error);
  }

  /**
   * One deadline for all batches.
   * @param {Operation} op
   */
  keepDeadline(op) {
    if (!op.timeoutMS) return;
    this.deadline ??= performance.now() + op.timeoutMS;
    op.timeoutMS = Math.max(1, Math.ceil(this.deadline - performance.now()));
  }
}

/** @param {any} error */
function isTooLarge(error) {
  return error.code === 'ERR_OUT_OF_RANGE' || error.code === BSON_OBJECT_TOO_LARGE;
}

/**
 * Whether a command never left: a check of the driver's, the BSON library or a `toBSON()` refused it.
 * @param {import('../protocol/codec').Codec} codec
 * @param {any} error
 */
function isRefusal({ mongo: { MongoAPIError, MongoError } }, error) {
  return error instanceof MongoAPIError || !(error instanceof MongoError);
}

/**
 * @param {any} collection
 * @param {any[]} documents
 * @param {any} options
 */
async function insertMany(collection, documents, options) {
  const { MongoInvalidArgumentError } = collection.s.codec.mongo;
  if (documents.length === 0)
    throw new MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
  const force = own(options, 'forceServerObjectId');
  for (const document of documents) {
    if (document == null) {
      throw new MongoInvalidArgumentError(
        'Collection.insertMany() cannot be called with an array that has null/undefined values',
      );
    }
    collection.addId(document, force);
  }
  const bulk = new BulkWrite(collection, own(options, 'ordered') !== false, options);
  const { insertedCount, insertedIds } = await bulk.execute([
    { type: 'insert', statements: documents, indexOf: same },
  ]);
  return { acknowledged: bulk.acknowledged, insertedCount, insertedIds };
}

/** @param {number} position */
function same(position) {
  return position;
}

exports.BulkWrite = BulkWrite;
exports.insertMany = insertMany;
