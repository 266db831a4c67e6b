'use strict';

const { normalizeHint } = require('./hint');
const { booleans, numbers, objects, rules, settings, values } = require('./rules');
const { formatSort } = require('./sort');

/** What `find` and `findOne` have in common. */
const COMMON = rules(
  booleans('singleBatch', 'returnKey', 'showRecordId', 'allowPartialResults', 'allowDiskUse', 'oplogReplay'),
  settings('min', 'max', 'let'),
  values('comment'),
  objects('collation'),
  numbers('skip'),
  {
    sort(body, value, op) {
      setSort(body, formatSort(op.codec, value));
    },
    projection(body, value) {
      setProjection(body, value);
    },
    hint(body, value) {
      if (value) body.hint = normalizeHint(value);
    },
  },
);

const FIND = rules(
  COMMON,
  numbers('limit', 'batchSize'),
  booleans('tailable', 'awaitData', 'noCursorTimeout'),
  {
    timeout(body, value) {
      if (typeof value === 'boolean') body.noCursorTimeout = !value;
    },
    partial(body, value) {
      if (typeof value === 'boolean') body.allowPartialResults = value;
    },
  },
);

/** A single document needs no batches and no cursor. */
const FIND_ONE = COMMON;

/**
 * @param {any} body
 * @param {Map<string, any> | undefined} sort
 */
function setSort(body, sort) {
  if (sort === undefined) delete body.sort;
  else body.sort = sort;
}

/**
 * @param {any} body
 * @param {any} projection an object or a list of fields
 */
function setProjection(body, projection) {
  if (!projection) return;
  if (!Array.isArray(projection)) body.projection = projection;
  else if (projection.length === 0) body.projection = { _id: 1 };
  else body.projection = Object.fromEntries(projection.flatMap((field) => [[field, 1]]));
}

/**
 * A filter as `find` takes it; an ObjectId alone means the document with that `_id`.
 * @param {import('./codec').Codec} codec
 * @param {any} filter
 */
function findFilter(codec, filter) {
  if (typeof filter !== 'object' || Array.isArray(filter)) {
    throw new codec.mongo.MongoInvalidArgumentError('Query filter must be a plain object or ObjectId');
  }
  return filter?._bsontype === 'ObjectId' ? { _id: filter } : filter;
}

/**
 * Settles what limit and batch size mean together; may be applied again to its own result.
 * @param {any} body
 */
function settleBatches(body) {
  if (body.limit < 0) {
    body.limit = -body.limit;
    body.singleBatch ??= true;
  }
  if (body.batchSize === undefined) return;
  if (body.batchSize < 0) {
    body.limit = -body.batchSize;
    delete body.batchSize;
  } else if (body.batchSize === body.limit) {
    // One more than the limit, or the server leaves a cursor open that nobody needs.
    body.batchSize += 1;
  }
}

module.exports = { FIND, FIND_ONE, findFilter, setProjection, setSort, settleBatches };
