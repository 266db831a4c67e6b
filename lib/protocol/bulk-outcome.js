'use strict';

/** @typedef {import('./codec').Codec} Codec */

/**
 * Statements of one kind that go to the server together.
 * @typedef {object} Batch
 * @property {'insert' | 'update' | 'delete'} type
 * @property {any[]} statements in the form the server takes them
 * @property {(position: number) => number} indexOf the place of a statement in the whole bulk
 */

/** What a bulk write has come to so far, gathered from the replies in the form of the official driver's raw result. */
class BulkOutcome {
  /**
   * @param {Codec} codec
   * @param {boolean} ordered
   */
  constructor(codec, ordered) {
    this.codec = codec;
    this.ordered = ordered;
    /** Whether anything was sent. */
    this.started = false;
    /** Documents that were inserted, but for some by their positions. @type {{batch: Batch, failed: Set<number>}[]} */
    this.inserts = [];
    this.raw = {
      ok: 1,
      /** @type {any[]} */
      writeErrors: [],
      /** @type {any[]} */
      writeConcernErrors: [],
      /** @type {{index: number, _id: any}[]} */
      insertedIds: [],
      nInserted: 0,
      nUpserted: 0,
      nMatched: 0,
      nModified: 0,
      nRemoved: 0,
      /** @type {{index: number, _id: any}[]} */
      upserted: [],
    };
  }

  /** @returns {any} a `BulkWriteResult` of the user's `mongodb` */
  get result() {
    this.raw.insertedIds = this.inserts.flatMap((insert) => this.insertedIds(insert));
    return new this.codec.bulk.BulkWriteResult(this.raw, this.ordered);
  }

  /**
   * @param {Batch} batch
   * @param {any} reply
   */
  merge(batch, reply) {
    const { raw } = this;
    // Options may keep numbers in BSON's own classes.
    const n = Number(reply.n ?? 0);
    if (batch.type === 'delete') raw.nRemoved += n;
    else if (batch.type === 'update') this.mergeUpdates(batch, reply, n);
    const failed = this.mergeErrors(batch, reply);
    if (batch.type !== 'insert') return;
    raw.nInserted += n;
    this.inserts.push({ batch, failed });
  }

  /**
   * @param {Batch} batch
   * @param {any} reply
   * @param {number} n
   */
  mergeUpdates(batch, reply, n) {
    const { raw } = this;
    const upserted = reply.upserted ?? [];
    for (const { index, _id } of upserted) raw.upserted.push({ index: batch.indexOf(Number(index)), _id });
    raw.nUpserted += upserted.length;
    raw.nMatched += n - upserted.length;
    raw.nModified += Number(reply.nModified ?? 0);
  }

  /**
   * @param {Batch} batch
   * @param {any} reply
   * @returns {Set<number>} positions in the batch
   */
  mergeErrors(batch, reply) {
    const { WriteConcernError, WriteError } = this.codec.bulk;
    const failed = new Set();
    for (const { index, code, errmsg, errInfo } of reply.writeErrors ?? []) {
      const position = Number(index);
      failed.add(position);
      const op = batch.statements[position];
      this.raw.writeErrors.push(
        new WriteError({ index: batch.indexOf(position), code, errmsg, errInfo, op }),
      );
    }
    if (reply.writeConcernError)
      this.raw.writeConcernErrors.push(new WriteConcernError(reply.writeConcernError));
    return failed;
  }

  /** @param {{batch: Batch, failed: Set<number>}} insert */
  insertedIds({ batch, failed }) {
    const end = this.ordered && failed.size > 0 ? Math.min(...failed) : batch.statements.length;
    const ids = [];
    for (let position = 0; position < end; position++) {
      if (failed.has(position)) continue;
      ids.push({ index: batch.indexOf(position), _id: batch.statements[position]._id });
    }
    return ids;
  }

  /**
   * What was not confirmed counts as nothing, but the ids were given.
   * @param {Batch} batch
   */
  mergeUnacknowledged(batch) {
    if (batch.type === 'insert') this.inserts.push({ batch, failed: new Set() });
  }

  /** Throws what the statements themselves suffered, if anything. */
  throwIfFailed() {
    const { MongoBulkWriteError } = this.codec.mongo;
    const { writeConcernErrors, writeErrors } = this.raw;
    if (writeErrors.length > 0) {
      const [{ errmsg, code }] = writeErrors;
      throw new MongoBulkWriteError(
        { message: errmsg || 'write operation failed', code, writeErrors },
        this.result,
      );
    }
    if (writeConcernErrors.length === 0) return;
    const { result } = this;
    throw new MongoBulkWriteError(result.getWriteConcernError(), result);
  }

  /**
   * The failure of a whole command, with what had been done before it.
   * @param {any} error
   */
  failure(error) {
    const { MongoBulkWriteError, MongoWriteConcernError } = this.codec.mongo;
    if (error instanceof MongoWriteConcernError) {
      const { errmsg, code } = error.result.writeConcernError;
      const { writeErrors } = this.raw;
      return withLabels(new MongoBulkWriteError({ message: errmsg, code, writeErrors }, this.result), error);
    }
    if (!this.started) return error;
    const failure = withLabels(new MongoBulkWriteError(error, this.result), error);
    failure.cause ??= error;
    return failure;
  }
}

/**
 * @param {any} failure
 * @param {any} error
 */
function withLabels(failure, error) {
  for (const label of error.errorLabels ?? []) failure.addErrorLabel(label);
  return failure;
}

exports.BulkOutcome = BulkOutcome;
