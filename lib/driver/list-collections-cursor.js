'use strict';

const { rules, values } = require('../protocol/rules');
const { AbstractCursor } = require('./abstract-cursor');
const { CURSOR, NO_EXPLAIN, Operation, READ_PREFERENCE } = require('./operation');

const OPTIONS = rules(READ_PREFERENCE, CURSOR, NO_EXPLAIN, values('comment'), {
  nameOnly(body, value) {
    body.nameOnly = Boolean(value);
  },
  authorizedCollections(body, value) {
    body.authorizedCollections = Boolean(value);
  },
  batchSize(body, value) {
    if (value && typeof value === 'number') body.cursor.batchSize = value;
  },
});

/** The cursor of `listCollections`. */
class ListCollectionsCursor extends AbstractCursor {
  /**
   * @param {any} db
   * @param {any} filter
   * @param {any} [options]
   */
  constructor(db, filter, options) {
    const body = { listCollections: 1, filter, cursor: {}, nameOnly: false, authorizedCollections: false };
    const op = Operation.reading(db.s);
    op.readConcern = null;
    op.take(OPTIONS, options, body);
    super(db.client, db.dbName, body, op);
    this.parent = db;
    this.filter = filter;
    this.options = options;
  }

  clone() {
    return this.cloneInto(new ListCollectionsCursor(this.parent, this.body.filter));
  }
}

exports.ListCollectionsCursor = ListCollectionsCursor;
