'use strict';

/**
 * @typedef {import('node:events').EventEmitter & {close(): unknown}} Stream
 */

/** Mongoose makes its streams a moment after `watch()`: those of this turn of the event loop count as open. */
const opened = () => new Promise((resolve) => setImmediate(resolve));

/** The open change streams of one wrapper, by database. */
class Watches {
  /** @type {Map<string, Set<Stream>>} */
  #streams = new Map();
  #logger;
  #emitError;

  /**
   * @param {{debug: Function, error: Function}} logger
   * @param {(details: {dbName: string, error: Error}) => void} emitError
   */
  constructor(logger, emitError) {
    this.#logger = logger;
    this.#emitError = emitError;
  }

  /**
   * Follows a stream until it closes. A stream that fails while nobody listens to its errors must not end the process:
   * the wrapper listens to all of them.
   * @param {string} dbName @param {any} stream
   */
  track(dbName, stream) {
    const streams = this.#streams.get(dbName) ?? new Set();
    this.#streams.set(dbName, streams.add(stream));
    this.#logger.debug(`Change stream opened on ${JSON.stringify(dbName)} (${streams.size} open)`);
    stream.on('error', (/** @type {Error} */ error) => {
      this.#logger.error(`A change stream on ${JSON.stringify(dbName)} failed`, error);
      this.#emitError({ dbName, error });
    });
    stream.once('close', () => this.#forget(dbName, stream));
  }

  /** How many are open. */
  get size() {
    return [...this.#streams.values()].reduce((sum, streams) => sum + streams.size, 0);
  }

  /** Databases with open streams and how many there are of each. */
  byDatabase() {
    return [...this.#streams].map(([dbName, streams]) => ({ dbName, streams: streams.size }));
  }

  /** @param {string} dbName @returns {Promise<void>} never rejects */
  async closeDatabase(dbName) {
    await opened();
    await this.#close(dbName);
  }

  /** @returns {Promise<void>} never rejects */
  async closeAll() {
    await opened();
    await Promise.all([...this.#streams.keys()].map((dbName) => this.#close(dbName)));
  }

  /** @param {string} dbName */
  async #close(dbName) {
    const streams = [...(this.#streams.get(dbName) ?? [])];
    this.#streams.delete(dbName);
    await Promise.all(
      streams.map(async (stream) => {
        try {
          await stream.close();
        } catch (error) {
          this.#logger.debug(`Closing a change stream on ${JSON.stringify(dbName)} failed`, error);
        }
      }),
    );
  }

  /** @param {string} dbName @param {Stream} stream */
  #forget(dbName, stream) {
    const streams = this.#streams.get(dbName);
    if (!streams?.delete(stream)) return;
    this.#logger.debug(`Change stream closed on ${JSON.stringify(dbName)} (${streams.size} open)`);
    if (streams.size === 0) this.#streams.delete(dbName);
  }
}

exports.Watches = Watches;
