'use strict';

const { types } = require('node:util');
const { formatSort } = require('./sort');

/** @typedef {import('./codec').Codec} Codec */

/**
 * Whether a value is written as a document of its own: arrays, dates, bytes and values of BSON types are objects as well.
 * @param {any} value
 */
function isDocument(value) {
  if (value === null || typeof value !== 'object' || typeof value._bsontype === 'string') return false;
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  return !(
    Array.isArray(value) ||
    types.isUint8Array(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isAnyArrayBuffer(value)
  );
}

/**
 * Whether an update consists of operators (or is a pipeline of them).
 * @param {any} update
 */
function hasAtomicOperators(update) {
  if (Array.isArray(update)) return update.some(hasAtomicOperators);
  const [first] = Object.keys(update);
  return first !== undefined && first[0] === '$';
}

/**
 * @param {Codec} codec
 * @param {any} update
 * @param {any} bson the BSON options in force
 */
function requireOperators(codec, update, bson) {
  const { MongoInvalidArgumentError } = codec.mongo;
  if (
    bson?.ignoreUndefined &&
    !Array.isArray(update) &&
    Object.values(update).every((value) => value === undefined)
  ) {
    throw new MongoInvalidArgumentError(
      'Update operations require that all atomic operators have defined values, but none were provided.',
    );
  }
  if (!hasAtomicOperators(update)) {
    throw new MongoInvalidArgumentError('Update document requires atomic operators');
  }
}

/**
 * @param {Codec} codec
 * @param {any} replacement
 * @param {string} [verb] the official driver words it in two ways
 */
function refuseOperators(codec, replacement, verb = 'contain') {
  if (hasAtomicOperators(replacement)) {
    throw new codec.mongo.MongoInvalidArgumentError(`Replacement document must not ${verb} atomic operators`);
  }
}

/**
 * One statement of an `update` command.
 * @param {Codec} codec
 * @param {any} filter
 * @param {any} update operators, a pipeline, or a replacement
 * @param {boolean} multi
 */
function updateStatement(codec, filter, update, multi) {
  const { MongoInvalidArgumentError } = codec.mongo;
  if (filter == null || typeof filter !== 'object') {
    throw new MongoInvalidArgumentError('Selector must be a valid JavaScript object');
  }
  if (update == null || typeof update !== 'object') {
    throw new MongoInvalidArgumentError('Document must be a valid JavaScript object');
  }
  /** @type {Record<string, any>} */
  const statement = { q: filter, u: update };
  if (multi) statement.multi = true;
  return statement;
}

/**
 * What a caller may say about one update beside filter and update.
 * @param {Codec} codec
 * @param {any} statement
 * @param {any} options
 */
function qualifyUpdate(codec, statement, options) {
  if (typeof options.upsert === 'boolean') statement.upsert = options.upsert;
  if (options.hint) statement.hint = options.hint;
  if (options.arrayFilters) statement.arrayFilters = options.arrayFilters;
  if (options.collation) statement.collation = options.collation;
  if (!statement.multi && options.sort != null) statement.sort = formatSort(codec, options.sort);
  return statement;
}

/**
 * One statement of a `delete` command.
 * @param {any} filter
 * @param {number} limit the server knows 0, all of them, and 1
 * @param {any} [options]
 */
function deleteStatement(filter, limit, options) {
  /** @type {Record<string, any>} */
  const statement = { q: filter, limit };
  if (options?.collation) statement.collation = options.collation;
  if (options?.hint) statement.hint = options.hint;
  return statement;
}

module.exports = {
  deleteStatement,
  hasAtomicOperators,
  isDocument,
  qualifyUpdate,
  refuseOperators,
  requireOperators,
  updateStatement,
};
