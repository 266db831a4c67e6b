'use strict';

const { isRetryable, part, splitByCount } = require('../protocol/bulk-batches');
const { BulkOutcome } = require('../protocol/bulk-outcome');
const { encode, isEncoding } = require('../protocol/encode');
const { own } = require('../protocol/own');
const { rules } = require('../protocol/rules');
const { Statements } = require('../protocol/statements');
const { DELETES, INSERT, UPDATES } = require('../protocol/write-commands');
const { NO_EXPLAIN, Operation, WRITE } = require('./operation');

/** @typedef {import('../protocol/bulk-outcome').Batch} Batch */

const OPTIONS = {
  insert: rules(WRITE, NO_EXPLAIN, INSERT),
  update: rules(WRITE, NO_EXPLAIN, UPDATES),
  delete: rules(WRITE, NO_EXPLAIN, DELETES),
};

const STATEMENTS = { insert: 'documents', update: 'updates', delete: 'deletes' };

/**
 * A batch that only has to be sent.
 * @typedef {{batch: Batch, op: Operation, bytes: Buffer}} Encoded
 */

/**
 * One bulk write on its way. All of it is encoded before the first batch goes out, so that what cannot be written stops all
 * of it; then batches go out one after the other, and their replies are gathered.
 */
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
    if (isEncoding()) await undefined;
    const waiting = runs.flatMap((run) => [...splitByCount(run)].flatMap((batch) => this.encode(batch)));
    // Each is let go of when it has been sent.
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.send(next);
    this.outcome.throwIfFailed();
    return this.outcome.result;
  }

  /**
   * @param {Batch} batch
   * @param {any} [statements] its statements in the making, or as they were made
   * @returns {Encoded[]} several if it does not fit into one command
   */
  encode(batch, statements = new Statements(batch.statements)) {
    const op = Operation.counting(this.collection.s, isRetryable(batch));
    /** @type {any} */
    const body = { [batch.type]: this.collection.collectionName, [STATEMENTS[batch.type]]: statements };
    op.take(OPTIONS[batch.type], this.options, body);
    body.ordered = this.ordered;
    op.admit(body);
    this.acknowledged = op.acknowledged;
    const bytes = encode(op.codec, body, op.bson);
    if (statements.parts == null) return [{ batch, op, bytes: Buffer.from(bytes) }];
    let to = 0;
    return statements.parts.flatMap(
      (/** @type {import('../protocol/statements').EncodedStatements} */ encoded) => {
        const from = to;
        to += encoded.count;
        return this.encode(part(batch, from, to), encoded);
      },
    );
  }

  /** @param {Encoded} encoded */
  async send({ batch, op, bytes }) {
    this.keepDeadline(op);
    let reply;
    try {
      reply = await op.send(this.collection.dbName, bytes);
    } catch (error) {
      return this.fail(batch, op, error);
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
  fail(batch, op, error) {
    const { MongoAPIError, MongoError, MongoWriteConcernError } = op.codec.mongo;
    // Unless it was refused on the way or given up, the server may have begun it.
    if (error instanceof MongoError && !(error instanceof MongoAPIError)) this.outcome.started = true;
    if (error instanceof MongoWriteConcernError) this.outcome.merge(batch, error.result);
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
