'use strict';

/** A database and a collection of it, or a database alone. */
class MongoDBNamespace {
  /**
   * @param {string} db
   * @param {string} [collection]
   */
  constructor(db, collection) {
    this.db = db;
    this.collection = collection;
  }

  toString() {
    return this.collection ? `${this.db}.${this.collection}` : this.db;
  }
}

/**
 * Half a surrogate pair would become U+FFFD on its way, and lead to what another name means. All other rules are the
 * server's.
 * @param {import('./codec').Codec} codec
 * @param {'Database' | 'Collection'} what
 * @param {unknown} name
 */
function checkWellFormed({ mongo: { MongoInvalidArgumentError } }, what, name) {
  if (typeof name !== 'string' || name.isWellFormed()) return;
  throw new MongoInvalidArgumentError(
    `${what} names cannot contain half of a surrogate pair, which UTF-8 cannot express`,
  );
}

exports.MongoDBNamespace = MongoDBNamespace;
exports.checkWellFormed = checkWellFormed;
