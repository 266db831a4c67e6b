'use strict';

const { createIndexes, createLike } = require('./collections');

/**
 * Writes collections into one database and keeps the account: every count is of what the server acknowledged, every
 * failure is listed.
 */
class Importer {
  #db;
  #stopOnError;
  /** @type {{collection: string, documents: number, indexes: number} | null} */
  #current = null;
  #indexes = [];

  /** @param {any} db @param {string} database @param {{stopOnError?: boolean}} [options] */
  constructor(db, database, { stopOnError = false } = {}) {
    this.#db = db;
    this.#stopOnError = stopOnError;
    this.summary = {
      database,
      importedAt: new Date().toISOString(),
      /** @type {Array<{collection: string, documents: number, indexes: number}>} */
      collections: [],
      /** @type {Array<{collection: string, stage: 'export'|'import'|'index', message: string}>} */
      failures: [],
      insertedDocuments: 0,
      createdIndexes: 0,
    };
  }

  get collection() {
    return this.#current === null ? null : this.#current.collection;
  }

  /** @param {string} name @param {Record<string, any>} options of the source collection; `viewOn` makes it a view */
  async begin(name, options) {
    this.#current = { collection: name, documents: 0, indexes: 0 };
    this.summary.collections.push(this.#current);
    this.#indexes = [];
    await this.#attempt('import', () => createLike(this.#db, name, options));
  }

  /** @param {Record<string, any>} index */
  index(index) {
    this.#indexes.push(index);
  }

  /** @param {Array<Record<string, any>>} documents */
  async documents(documents) {
    if (documents.length === 0) return;
    let inserted = documents.length;
    await this.#attempt('import', async () => {
      try {
        await this.#db
          .collection(this.#current?.collection)
          .insertMany(documents, { ordered: false, ignoreUndefined: false });
      } catch (error) {
        inserted = error.insertedCount ?? error.result?.insertedCount ?? 0;
        throw error;
      } finally {
        /** @type {any} */ (this.#current).documents += inserted;
        this.summary.insertedDocuments += inserted;
      }
    });
  }

  /** Indexes come last: building one over finished data is faster than keeping it up to date. */
  async end() {
    const current = this.#current;
    if (current === null) return;
    await this.#attempt('index', async () => {
      current.indexes = await createIndexes(this.#db, current.collection, this.#indexes);
      this.summary.createdIndexes += current.indexes;
    });
    this.#current = null;
  }

  /** @param {'import'|'index'} stage @param {() => Promise<any>} work */
  async #attempt(stage, work) {
    try {
      await work();
    } catch (error) {
      this.summary.failures.push({
        collection: this.#current?.collection ?? '',
        stage,
        message: describe(error),
      });
      if (this.#stopOnError) throw error;
    }
  }
}

/** The first write error speaks for a batch; how many there were is part of the message. */
function describe(error) {
  const count = error.writeErrors?.length ?? 0;
  return count > 1 ? `${error.message} (and ${count - 1} more of this batch)` : error.message;
}

module.exports = { Importer };
