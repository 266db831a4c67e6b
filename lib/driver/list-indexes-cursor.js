'use strict';

const { rules, values } = require('../protocol/rules');
const { AbstractCursor } = require('./abstract-cursor');
const { CURSOR, NO_EXPLAIN, Operation, READ_PREFERENCE } = require('./operation');

const OPTIONS = rules(READ_PREFERENCE, CURSOR, NO_EXPLAIN, values('comment'), {
  batchSize(body, value) {
    if (value && typeof value === 'number') body.cursor.batchSize = value;
  },
});

/** The cursor of `listIndexes`. */
class ListIndexesCursor extends AbstractCursor {
  /**
   * @param {any} collection
   * @param {any} [options]
   */
  constructor(collection, options) {
    const body = { listIndexes: collection.collectionName, cursor: {} };
    const op = Operation.reading(collection.s);
    op.readConcern = null;
    op.take(OPTIONS, options, body);
    super(collection.client, collection.dbName, body, op);
    this.parent = collection;
    this.options = options;
  }

  clone() {
    return this.cloneInto(new ListIndexesCursor(this.parent));
  }
}

exports.ListIndexesCursor = ListIndexesCursor;
