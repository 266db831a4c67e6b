'use strict';

const { AggregationCursor } = require('./aggregation-cursor');

/** The cursor of `$listSearchIndexes`. */
class ListSearchIndexesCursor extends AggregationCursor {
  /**
   * @param {any} collection
   * @param {string | null} name one index, or all
   * @param {any} [options]
   */
  constructor(collection, name, options) {
    super(collection, [{ $listSearchIndexes: name === null ? {} : { name } }], options);
    this.name = name ?? undefined;
  }
}

exports.ListSearchIndexesCursor = ListSearchIndexesCursor;
