'use strict';

const { createIndexes, createLike } = require('./collections');
const { inPortions, insertCommand } = require('./raw-documents');

/**
 * @typedef {object} Place  A database to read from or write to.
 * @property {string} name
 * @property {any} db     As the driver layer has it
 * @property {any} BSON   Of the user's Mongoose
 * @property {(command: Buffer) => Promise<any>} write  Runs a command that is BSON already
 */

/** @typedef {(progress: {database: string, collection: string, documents: number}) => unknown} OnProgress */

/**
 * Writes collections into one database and keeps the account: every count is of what the server acknowledged, every
 * failure is listed.
 */
class Importer {
  #place;
  #stopOnError;
  #onProgress;
  /** @type {{collection: string, documents: number, indexes: number} | null} */
  #current = null;
  /** @type {Record<string, any>[]} */
  #indexes = [];

  /** @param {Place} place @param {{stopOnError?: boolean, onProgress?: OnProgress}} [options] */
  constructor(place, { stopOnError = false, onProgress } = {}) {
    this.#place = place;
    this.#stopOnError = stopOnError;
    this.#onProgress = onProgress;
    this.summary = {
      database: place.name,
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
    await this.#attempt('import', () => createLike(this.#place.db, name, options));
  }

  /** @param {Record<string, any>} index */
  index(index) {
    this.#indexes.push(index);
  }

  /** @param {Buffer[]} documents */
  async documents(documents) {
    for (const portion of inPortions(documents)) {
      await this.#attempt('import', () => this.#insert(portion));
      await this.#tell();
    }
  }

  /** Indexes come last: building one over finished data is faster than keeping it up to date. */
  async end() {
    const current = this.#current;
    if (current === null) return;
    await this.#attempt('index', async () => {
      current.indexes = await createIndexes(this.#place.db, current.collection, this.#indexes);
      this.summary.createdIndexes += current.indexes;
    });
    this.#current = null;
  }

  /** @param {Buffer[]} documents */
  async #insert(documents) {
    const current = /** @type {{collection: string, documents: number}} */ (this.#current);
    const { BSON, db, write } = this.#place;
    const { w, j, wtimeout } = db.writeConcern ?? {};
    const writeConcern = Object.fromEntries(
      Object.entries({ w, j, wtimeout }).filter(([, part]) => part != null),
    );
    const command = {
      insert: current.collection,
      ordered: false,
      // What was stored in the source may be older than its collection's rules.
      bypassDocumentValidation: true,
      ...(Object.keys(writeConcern).length === 0 ? {} : { writeConcern }),
    };
    const reply = await write(insertCommand(BSON, command, documents));
    current.documents += reply.n;
    this.summary.insertedDocuments += reply.n;
    const [first] = reply.writeErrors ?? [];
    if (first !== undefined) {
      const others = reply.writeErrors.length - 1;
      throw new RefusedWrite(
        others === 0 ? first.errmsg : `${first.errmsg} (and ${others} more of this batch)`,
      );
    }
    if (reply.writeConcernError) throw new RefusedWrite(reply.writeConcernError.errmsg);
  }

  /** @param {'import'|'index'} stage @param {() => Promise<any>} work */
  async #attempt(stage, work) {
    try {
      await work();
    } catch (error) {
      const collection = this.#current?.collection ?? '';
      this.summary.failures.push({ collection, stage, message: error.message });
      // What the server refuses is listed; when it cannot be reached there is no point in going on.
      const spoke = error instanceof RefusedWrite || typeof error.code === 'number';
      if (this.#stopOnError || !spoke) throw error;
    }
  }

  async #tell() {
    const { collection, documents } = /** @type {{collection: string, documents: number}} */ (this.#current);
    try {
      await this.#onProgress?.({ database: this.#place.name, collection, documents });
    } catch {
      // Somebody's progress bar is no reason to leave half a copy.
    }
  }
}

class RefusedWrite extends Error {}

exports.Importer = Importer;
