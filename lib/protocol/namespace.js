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

exports.MongoDBNamespace = MongoDBNamespace;
