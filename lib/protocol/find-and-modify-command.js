'use strict';

const { objects, rules, settings, values } = require('./rules');
const { formatSort } = require('./sort');

/** What all three forms take. */
const FIND_AND_MODIFY = rules(settings('let', 'hint'), values('comment'), objects('collation'), {
  sort(body, value, op) {
    const sort = formatSort(op.codec, value);
    if (sort !== undefined) body.sort = sort;
  },
  projection(body, value) {
    if (value) body.fields = value;
  },
  includeResultMetadata(_body, value, op) {
    op.wholeReply = value === true;
  },
});

/** Replacing and updating. */
const FIND_ONE_AND_REPLACE = rules(FIND_AND_MODIFY, {
  returnDocument(body, value) {
    body.new = value === 'after';
  },
  upsert(body, value) {
    body.upsert = value === true;
  },
  bypassDocumentValidation(body, value) {
    if (value === true) body.bypassDocumentValidation = true;
  },
});

const FIND_ONE_AND_UPDATE = rules(FIND_ONE_AND_REPLACE, settings('arrayFilters'));

/**
 * @param {import('./codec').Codec} codec
 * @param {string} name the argument's
 * @param {any} value
 */
function requireObject(codec, name, value) {
  if (value == null || typeof value !== 'object') {
    throw new codec.mongo.MongoInvalidArgumentError(`Argument "${name}" must be an object`);
  }
}

module.exports = { FIND_AND_MODIFY, FIND_ONE_AND_REPLACE, FIND_ONE_AND_UPDATE, requireObject };
