'use strict';

const { PARTIAL } = require('./errors');
const { formatSort } = require('./sort');
const { hasAtomicOperators } = require('./write-statements');

/** @typedef {import('./codec').Codec} Codec */

/**
 * The `ops` and `nsInfo` of a `bulkWrite` command.
 * @param {Codec} codec
 * @param {any[]} models
 * @param {any} bson the BSON options in force
 */
function bulkOperations(codec, models, bson) {
  /** @type {Map<string, number>} */
  const namespaces = new Map();
  const ops = models.map((model) => {
    const known = namespaces.get(model.namespace);
    const index = known ?? namespaces.size;
    if (known === undefined) namespaces.set(model.namespace, index);
    return operationOf(codec, model, index, bson);
  });
  return { ops, nsInfo: [...namespaces.keys()].map((ns) => ({ ns })) };
}

/**
 * @param {Codec} codec
 * @param {any} model
 * @param {number} index of its namespace
 * @param {any} bson
 */
function operationOf(codec, model, index, bson) {
  switch (model.name) {
    case 'insertOne':
      model.document._id ??= new codec.ObjectId();
      return { insert: index, document: model.document };
    case 'updateOne':
    case 'updateMany':
      requireOperators(codec, model.update, bson);
      return updateOperation(codec, model, index, model.update, model.name === 'updateMany');
    case 'replaceOne':
      if (hasAtomicOperators(model.replacement)) {
        throw new codec.mongo.MongoAPIError(
          'Client bulk write replace models must not contain atomic modifiers (start with $) and must not be empty.',
        );
      }
      return updateOperation(codec, model, index, model.replacement, false);
    case 'deleteOne':
    case 'deleteMany':
      return qualified({ delete: index, multi: model.name === 'deleteMany', filter: model.filter }, model);
    default:
      throw new codec.mongo.MongoInvalidArgumentError(
        `Unknown client bulk write model: ${String(model.name)}`,
      );
  }
}

/**
 * @param {Codec} codec
 * @param {any} update
 * @param {any} bson
 */
function requireOperators(codec, update, bson) {
  const empty = bson?.ignoreUndefined && Object.values(update).every((value) => value === undefined);
  if (empty || !hasAtomicOperators(update)) {
    throw new codec.mongo.MongoAPIError(
      'Client bulk write update models must only contain atomic modifiers (start with $) and must not be empty.',
    );
  }
}

/**
 * @param {Codec} codec
 * @param {any} model
 * @param {number} index
 * @param {any} updateMods
 * @param {boolean} multi
 */
function updateOperation(codec, model, index, updateMods, multi) {
  const operation = qualified({ update: index, multi, filter: model.filter, updateMods }, model);
  if (model.upsert) operation.upsert = model.upsert;
  if (model.arrayFilters) operation.arrayFilters = model.arrayFilters;
  if (!multi && model.sort != null) operation.sort = formatSort(codec, model.sort);
  return operation;
}

/**
 * @param {any} operation
 * @param {any} model
 */
function qualified(operation, model) {
  if (model.hint) operation.hint = model.hint;
  if (model.collation) operation.collation = model.collation;
  return operation;
}

/** What a client bulk write has come to so far. */
class ClientBulkOutcome {
  /**
   * @param {Codec} codec
   * @param {boolean} ordered
   * @param {boolean} verbose
   */
  constructor(codec, ordered, verbose) {
    this.codec = codec;
    this.ordered = ordered;
    this.verbose = verbose;
    this.offset = 0;
    /** @type {{code: number, message: string}[]} */
    this.writeConcernErrors = [];
    /** @type {Map<number, {code: number, message: string}>} */
    this.writeErrors = new Map();
    this.result = {
      acknowledged: true,
      insertedCount: 0,
      upsertedCount: 0,
      matchedCount: 0,
      modifiedCount: 0,
      deletedCount: 0,
      insertResults: verbose ? new Map() : undefined,
      updateResults: verbose ? new Map() : undefined,
      deleteResults: verbose ? new Map() : undefined,
    };
  }

  /**
   * @param {any} reply
   * @param {any[]} ops
   * @param {boolean} acknowledged
   */
  accept(reply, ops, acknowledged) {
    if (!acknowledged) {
      this.result.acknowledged = false;
      return;
    }
    this.take(reply, ops);
  }

  /**
   * @param {any} reply
   * @param {any[]} ops
   */
  take(reply, ops) {
    this.count(reply);
    for (const document of reply.cursor?.firstBatch ?? []) this.acceptOne(document, ops);
    this.offset += ops.length;
  }

  /** @param {any} reply */
  count(reply) {
    const { result } = this;
    result.insertedCount += reply.nInserted;
    result.upsertedCount += reply.nUpserted;
    result.matchedCount += reply.nMatched;
    result.modifiedCount += reply.nModified;
    result.deletedCount += reply.nDeleted;
  }

  /**
   * @param {any} document
   * @param {any[]} ops
   */
  acceptOne(document, ops) {
    const index = document.idx + this.offset;
    if (document.ok === 1) {
      if (this.verbose) this.record(ops[document.idx], index, document);
      return;
    }
    this.writeErrors.set(index, { code: document.code, message: document.errmsg });
    if (this.ordered) throw this.error('Mongo client ordered bulk write encountered a write error.');
  }

  /**
   * @param {any} operation
   * @param {number} index
   * @param {any} document
   */
  record(operation, index, { n, nModified, upserted }) {
    const { insertResults, updateResults, deleteResults } = this.result;
    if ('insert' in operation) insertResults?.set(index, { insertedId: operation.document._id });
    else if ('delete' in operation) deleteResults?.set(index, { deletedCount: n });
    else {
      const result = { matchedCount: n, modifiedCount: nModified ?? 0, didUpsert: upserted != null };
      updateResults?.set(index, upserted ? { ...result, upsertedId: upserted._id } : result);
    }
  }

  /**
   * @param {any} error
   * @param {any[]} ops
   * @param {boolean} acknowledged
   */
  fail(error, ops, acknowledged) {
    const { MongoServerError, MongoWriteConcernError } = this.codec.mongo;
    if (!(error instanceof MongoServerError)) throw error;
    if (error[PARTIAL] !== undefined) this.take(error[PARTIAL], ops);
    if (!(error instanceof MongoWriteConcernError) || !acknowledged) throw this.interrupted(error);
    const { result: reply } = /** @type {any} */ (error);
    const { code, errmsg } = reply.writeConcernError;
    this.writeConcernErrors.push({ code, message: errmsg });
    this.take(reply, ops);
  }

  /** @param {any} cause */
  interrupted(cause) {
    const error = this.error('Mongo client bulk write encountered an error during execution');
    error.cause = cause;
    for (const label of cause.errorLabels ?? []) error.addErrorLabel(label);
    return error;
  }

  /** @param {string} message */
  error(message) {
    const error = new this.codec.mongo.MongoClientBulkWriteError({ message });
    error.writeConcernErrors = this.writeConcernErrors;
    error.writeErrors = this.writeErrors;
    error.partialResult = this.result;
    return error;
  }

  settled() {
    if (this.writeConcernErrors.length > 0 || this.writeErrors.size > 0) {
      throw this.error('Mongo client bulk write encountered errors during execution.');
    }
    return this.result;
  }
}

exports.ClientBulkOutcome = ClientBulkOutcome;
exports.bulkOperations = bulkOperations;
