'use strict';

/**
 * Everything that goes wrong on our side of the server: options, names, states. Server and network failures keep the
 * classes of the user's own Mongoose.
 */
class PolyMongoError extends Error {
  /**
   * @param {string} message
   * @param {{code: string, status?: number, cause?: unknown, [property: string]: unknown}} details
   */
  constructor(message, { code, status, cause, ...properties }) {
    super(message, cause === undefined ? undefined : { cause });
    /** @type {string} */
    this.code = code;
    if (status !== undefined) {
      /** @type {number | undefined} */
      this.status = status;
    }
    Object.assign(this, properties);
  }
}

Object.defineProperty(PolyMongoError.prototype, 'name', {
  value: 'PolyMongoError',
  writable: true,
  configurable: true,
});

module.exports = { PolyMongoError };
