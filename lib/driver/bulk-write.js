'use strict';

const { isRetryable, part, splitByCount } = require('../protocol/bulk-batches');
const { BulkOutcome } = require('../protocol/bulk-outcome');
const { encode, isEncoding } = require('../protocol/encode');
const { own } = require('../protocol/own');
const { rules } = require('../protocol/rules');
const { Statements, StatementsSplit } = require('../protocol/statements');
const { DELETES, INSERT, UPDATES } = require('../protocol/write-commands');
const { NO_EXPLAIN, Operation, WRITE } = require('./operation');

/** @typedef {import('../protocol/bulk-outcome').Batch} Batch */

const OPTIONS = {
  insert: rules(WRITE, NO_EXPLAIN, INSERT),
  update: rules(WRITE, NO_EXPLAIN, UPDATES),
  delete: rules(WRITE, NO_EXPLAIN, DELETES),
};

const STATEMENTS = { insert: 'documents', update: 'updates', delete: 'deletes' };

/** @typedef {import('../protocol/statements').EncodedStatements} EncodedStatements */

/**
 * A batch that only has to be sent.
 * @typedef {{batch: Batch, op: Operation, body: any}} Encoded
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

  /** @param {Batch[]} runs */
  async execute(runs) {
    if (isEncoding()) await undefined;
    const batches = runs.flatMap((run) => [...splitByCount(run)]);
    if (batches.length === 1) await this.sendAlone(batches[0]);
    else await this.sendAll(batches.flatMap((batch) => this.encode(batch)));
    this.outcome.throwIfFailed();
  }

  /**
   * @param {Batch} batch
   * @param {Statements | EncodedStatements} statements
   */
  prepare(batch, statements) {
    const op = Operation.counting(this.collection.s, isRetryable(batch));
    /** @type {any} */
    const body = { [batch.type]: this.collection.collectionName, [STATEMENTS[batch.type]]: statements };
    op.take(OPTIONS[batch.type], this.options, body);
    body.ordered = this.ordered;
    op.admit(body);
    this.acknowledged = op.acknowledged;
    return { op, body };
  }

  /**
   * @param {Batch} batch
   * @param {Statements | EncodedStatements} [statements]
   * @returns {Encoded[]} several if it does not fit into one command
   */
  encode(batch, statements = new Statements(batch.statements)) {
    const { op, body } = this.prepare(batch, statements);
    try {
      return [{ batch, op, body: Buffer.from(encode(op.codec, body, op.bson)) }];
    } catch (error) {
      return this.encodeParts(batch, error);
    }
  }

  /**
   * @param {Batch} batch
   * @param {any} error why it is no single command
   * @returns {Encoded[]}
   */
  encodeParts(batch, error) {
    if (!(error instanceof StatementsSplit)) throw error;
    let to = 0;
    return error.parts.flatMap((encoded) => {
      const from = to;
      to += encoded.count;
      return this.encode(part(batch, from, to), encoded);
    });
  }

  /**
   * The only batch is encoded when it is submitted, which spares a copy.
   * @param {Batch} batch
   */
  async sendAlone(batch) {
    const { op, body } = this.prepare(batch, new Statements(batch.statements));
    let encoded;
    try {
      await this.send({ batch, op, body });
    } catch (error) {
      encoded = this.encodeParts(batch, error);
    }
    if (encoded !== undefined) await this.sendAll(encoded);
  }

  /** @param {Encoded[]} waiting */
  async sendAll(waiting) {
    // Each is let go of when it has been sent.
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.send(next);
  }

  /** @param {Encoded} encoded */
  async send({ batch, op, body }) {
    this.keepDeadline(op);
    let reply;
    try {
      reply = await op.send(this.collection.dbName, body);
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
  // The caller may use the array for something else from now on.
  const statements = documents.slice();
  /** @type {Record<number, any>} */
  const insertedIds = {};
  for (let i = 0; i < statements.length; i++) {
    const document = statements[i];
    if (document == null) {
      throw new MongoInvalidArgumentError(
        'Collection.insertMany() cannot be called with an array that has null/undefined values',
      );
    }
    collection.addId(document, force);
    insertedIds[i] = document._id;
  }
  const bulk = new BulkWrite(collection, own(options, 'ordered') !== false, options);
  await bulk.execute([{ type: 'insert', statements, indexOf: same }]);
  return { acknowledged: bulk.acknowledged, insertedCount: bulk.outcome.raw.nInserted, insertedIds };
}

/** @param {number} position */
function same(position) {
  return position;
}

exports.BulkWrite = BulkWrite;
exports.insertMany = insertMany;
