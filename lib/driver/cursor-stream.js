'use strict';

const { Readable } = require('node:stream');

/** A cursor, or anything else with `next` and `close`, as a stream of objects that reads only as fast as it is read. */
class CursorStream extends Readable {
  /**
   * @param {{next(): Promise<any>, close(): Promise<void>, killed?: boolean}} cursor
   * @param {(document: any) => any} [transform]
   */
  constructor(cursor, transform) {
    super({ objectMode: true, highWaterMark: 1 });
    this.cursor = cursor;
    this.transform = transform;
  }

  _read() {
    this.readNext().catch((error) => this.destroy(error));
  }

  async readNext() {
    if (this.cursor.killed === true) {
      this.push(null);
      return;
    }
    const document = await this.cursor.next();
    if (this.destroyed) return;
    this.push(document === null || this.transform === undefined ? document : this.transform(document));
  }

  /**
   * @param {Error | null} error
   * @param {(error: any) => void} callback
   */
  _destroy(error, callback) {
    this.cursor.close().then(
      () => callback(error),
      (closing) => callback(error ?? closing),
    );
  }
}

exports.CursorStream = CursorStream;
