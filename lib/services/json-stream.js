'use strict';

const { AsyncResource } = require('node:async_hooks');
const { Readable } = require('node:stream');

/** A batch of the server is handed on in parts of so many bytes, so that back-pressure can work. */
const PART = 64 * 1024;

/** The text of a result that may be longer than memory: it is read from the server as fast as it is read here. */
class JsonStream extends Readable {
  #abort = new AbortController();
  #open;
  #isArray;
  /** @type {{next(): Promise<Buffer | null>, close(): Promise<void>} | null} */
  #pieces = null;
  /** @type {Buffer} */
  #piece = Buffer.alloc(0);
  #at = 0;
  #separator = '[';
  /** @type {{error: any} | null} */
  #failure = null;

  /**
   * @param {{isArray: boolean, highWaterMark?: number}} options
   * @param {(signal: AbortSignal) => Promise<any>} open starts the query, in the context of the caller
   */
  constructor({ isArray, highWaterMark }, open) {
    super({ highWaterMark });
    this.#isArray = isArray;
    this.#open = AsyncResource.bind(open);
  }

  _read() {
    if (this.#failure !== null) return this.#fail(this.#failure);
    this.#more().catch((error) => {
      this.#failure = { error };
      this.#fail(this.#failure);
    });
  }

  /** Destroying it would lose what came before the failure and waits to be read. @param {{error: any}} failure */
  #fail({ error }) {
    if (this.readableLength === 0) this.destroy(error);
    // Nothing more, but ask again.
    else this.push('');
  }

  async #more() {
    if (this.#at === this.#piece.length) {
      this.#pieces ??= await this.#opened();
      const piece = await this.#pieces?.next();
      if (this.destroyed || piece === undefined) return;
      if (piece === null) return this.#end();
      this.#piece = piece;
      this.#at = 0;
      if (this.#isArray) this.push(this.#separator);
      this.#separator = ',';
    }
    const part = this.#piece.subarray(this.#at, this.#at + PART);
    this.#at += part.length;
    this.push(part);
  }

  async #opened() {
    const pieces = await this.#open(this.#abort.signal);
    if (!this.destroyed) return pieces;
    await pieces.close();
    return null;
  }

  #end() {
    if (this.#isArray) this.push(this.#separator === '[' ? '[]' : ']');
    this.push(null);
  }

  /**
   * @param {Error | null} error
   * @param {(error: any) => void} callback
   */
  _destroy(error, callback) {
    this.#abort.abort();
    const closing = this.#pieces?.close() ?? Promise.resolve();
    closing.then(
      () => callback(error),
      (failure) => callback(error ?? failure),
    );
  }
}

exports.JsonStream = JsonStream;
