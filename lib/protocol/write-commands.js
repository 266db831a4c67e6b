'use strict';

const { booleans, rules, settings, values } = require('./rules');
const { formatSort } = require('./sort');

const COMMON = rules(booleans('ordered'), values('comment'));

/** Options of `insert`; statements are documents. */
const INSERT = rules(COMMON, booleans('bypassDocumentValidation'));

/** Options of an `update` of many statements, each with its own qualifiers. */
const UPDATES = rules(INSERT, settings('let'));

/** Options of an `update` of one statement: its qualifiers go into that statement. */
const UPDATE = rules(UPDATES, {
  upsert(body, value) {
    if (typeof value === 'boolean') body.updates[0].upsert = value;
  },
  hint(body, value) {
    if (value) body.updates[0].hint = value;
  },
  arrayFilters(body, value) {
    if (value) body.updates[0].arrayFilters = value;
  },
  collation(body, value) {
    if (value) body.updates[0].collation = value;
  },
  sort(body, value, op) {
    const statement = body.updates[0];
    if (statement.multi || value == null) return;
    const sort = formatSort(op.codec, value);
    if (sort !== undefined) statement.sort = sort;
  },
});

/** Options of a `delete` of many statements. */
const DELETES = rules(COMMON, settings('let'));

/** Options of a `delete` of one statement. */
const DELETE = rules(DELETES, {
  collation(body, value) {
    if (value) body.deletes[0].collation = value;
  },
  hint(body, value) {
    if (value) body.deletes[0].hint = value;
  },
});

module.exports = { DELETE, DELETES, INSERT, UPDATE, UPDATES };
