'use strict';

const { own } = require('./own');
const { booleans, objects, rules, settings, values } = require('./rules');

const AGGREGATE = rules(
  booleans('allowDiskUse'),
  settings('hint', 'let'),
  values('comment'),
  objects('collation'),
  {
    bypassDocumentValidation(body, value) {
      if (value === true) body.bypassDocumentValidation = true;
    },
    batchSize(body, value) {
      if (value) body.cursor.batchSize = value;
    },
    cursor(body, value, op) {
      if (value === null) return;
      if (typeof value !== 'object') {
        throw new op.codec.mongo.MongoInvalidArgumentError('Cursor options must be an object');
      }
      // Mongoose keeps options of its own beside it.
      body.cursor.batchSize ??= Object.hasOwn(value, 'batchSize') ? value.batchSize : undefined;
      if (body.cursor.batchSize == null) delete body.cursor.batchSize;
    },
    out(body, value) {
      if (typeof value === 'string') body.pipeline = [...body.pipeline, { $out: value }];
    },
  },
);

/**
 * Whether a pipeline writes its result into a collection.
 * @param {any[]} pipeline
 */
function hasWriteStage(pipeline) {
  const last = pipeline.at(-1);
  return Boolean(last?.$out || last?.$merge);
}

/**
 * @param {any} filter
 * @param {any} [options]
 * @returns {any[]} the pipeline that counts documents
 */
function countPipeline(filter, options) {
  /** @type {any[]} */
  const pipeline = [{ $match: filter }];
  for (const name of ['skip', 'limit']) {
    const value = own(options, name);
    if (typeof value === 'number') pipeline.push({ [`$${name}`]: value });
  }
  pipeline.push({ $group: { _id: 1, n: { $sum: 1 } } });
  return pipeline;
}

module.exports = { AGGREGATE, countPipeline, hasWriteStage };
