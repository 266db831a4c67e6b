'use strict';

const { JSON_RESULT, JsonResult } = require('../driver/json-result');
const { PolyMongoError } = require('../error');
const { HOME } = require('../mongoose/home');
const { codecOfMongoose } = require('../protocol/codec');
const { received } = require('../protocol/option-values');
const { JsonStream } = require('./json-stream');

/** What is written without objects, and in which form. @type {Record<string, 'array' | 'one'>} */
const WRITTEN = { __proto__: /** @type {any} */ (null), find: 'array', aggregate: 'array', findOne: 'one' };

/** What is small, and stringified. */
const STRINGIFIED = new Set([
  ...['findOneAndUpdate', 'findOneAndReplace', 'findOneAndDelete'],
  ...['countDocuments', 'estimatedDocumentCount', 'distinct'],
]);

/**
 * Results of queries and aggregates as JSON. They run as Mongoose runs them, with everything that holds for them.
 */
class JsonResults {
  /** @param {object} tenants whose models they must be of */
  constructor(tenants) {
    this.tenants = tenants;
  }

  /**
   * @param {any} given
   * @returns {Promise<Buffer>}
   */
  async read(given) {
    const { query, model, operation } = this.checked(given, 'json');
    const form = WRITTEN[operation];
    if (form === undefined && !STRINGIFIED.has(operation)) {
      throw invalid(
        `json() cannot answer ${operation}(), which gives no documents; await it and stringify the result`,
      );
    }
    const result = new JsonResult(codecOfMongoose(model.base), form ?? 'one', 'json');
    return result.textOf(await (form === undefined ? query.exec() : execute(query, result)));
  }

  /**
   * @param {any} given
   * @param {any} [options]
   */
  stream(given, options) {
    const { format, batchSize, highWaterMark } = checkedOptions(options);
    const { query, model, operation } = this.checked(given, 'jsonStream');
    if (WRITTEN[operation] !== 'array') {
      throw invalid(`jsonStream() takes find() and aggregate(), not ${operation}(); use json() for that`);
    }
    const result = new JsonResult(
      codecOfMongoose(model.base),
      format === 'array' ? 'items' : 'lines',
      'jsonStream',
    );
    return new JsonStream({ isArray: format === 'array', highWaterMark }, async (signal) => {
      query.options ??= {};
      const { options: own } = query;
      own.signal = own.signal === undefined ? signal : AbortSignal.any([own.signal, signal]);
      if (batchSize !== undefined) own.batchSize = batchSize;
      return await opened(query, result);
    });
  }

  /**
   * @param {any} query
   * @param {string} method
   */
  checked(query, method) {
    const model = typeof query?.exec === 'function' ? modelOf(query) : undefined;
    if (typeof model !== 'function' || model.db?.[HOME]?.tenants !== this.tenants) {
      throw invalid(
        `${method}() needs a query or an aggregate of a model of this wrapper, as ${method}(User.db('name').find()) with the User that wrapModel() returned${received(query)}`,
      );
    }
    const isQuery = query instanceof model.base.Query;
    const operation = isQuery ? (query.op ?? 'a query without an operation') : 'aggregate';
    if (isQuery && operation === 'find' && query.options.tailable) {
      throw invalid(`${method}() cannot answer a tailable query, which has no end; use its cursor()`);
    }
    if (!isQuery && query.options?.cursor) {
      throw invalid(`${method}() needs the aggregate itself: leave out its cursor()`);
    }
    if (isQuery) makeLean(query, method);
    return { query, model, operation };
  }
}

/**
 * Runs it with the result among its options, where a copy made of it later must not find it.
 * @param {any} query
 * @param {JsonResult} result
 */
async function execute(query, result) {
  query.options ??= {};
  query.options[JSON_RESULT] = result;
  try {
    return await query.exec();
  } finally {
    delete query.options[JSON_RESULT];
  }
}

/**
 * @param {any} query
 * @param {JsonResult} result
 */
async function opened(query, result) {
  try {
    return result.pieces(await execute(query, result));
  } catch (error) {
    // A hook failed after the cursor was opened.
    await result.cursor?.close();
    throw error;
  }
}

/** @param {any} query */
function modelOf(query) {
  return typeof query.model === 'function' && query.model.base === undefined ? query.model() : query.model;
}

/**
 * @param {any} query
 * @param {string} method
 */
function makeLean(query, method) {
  const { lean, populate } = query.mongooseOptions();
  if (populate !== undefined) {
    throw new PolyMongoError(
      `${method}() makes no documents that populate() could fill: use an aggregate with $lookup, or stringify what the query itself gives`,
      { code: 'JSON_NEEDS_DOCUMENTS' },
    );
  }
  if (!lean) query.lean();
}

/** @param {any} options */
function checkedOptions(options = {}) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw optionInvalid(`The options of jsonStream() must be an object${received(options)}`, 'options');
  }
  const { format = 'array', batchSize, highWaterMark, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new PolyMongoError(
      `jsonStream() does not know the option "${unknown}"; it takes format, batchSize and highWaterMark`,
      { code: 'OPTION_UNKNOWN', option: unknown },
    );
  }
  if (format !== 'array' && format !== 'ndjson') {
    throw optionInvalid(`format of jsonStream() must be "array" or "ndjson"${received(format)}`, 'format');
  }
  for (const [name, value] of Object.entries({ batchSize, highWaterMark })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw optionInvalid(`${name} of jsonStream() must be a whole number above 0${received(value)}`, name);
    }
  }
  return { format, batchSize, highWaterMark };
}

/** @param {string} message @param {string} option */
function optionInvalid(message, option) {
  return new PolyMongoError(message, { code: 'OPTION_INVALID', option });
}

/** @param {string} message */
function invalid(message) {
  return new PolyMongoError(message, { code: 'INVALID_QUERY' });
}

exports.JsonResults = JsonResults;
