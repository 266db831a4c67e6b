'use strict';

const { EventEmitter } = require('node:events');

/**
 * Mongoose's stream repeats the errors of the driver's, which the wrapper hears; nobody listening must not end the
 * process. Not through the stream's own `on`: that would start it.
 * @param {any} stream
 */
function withoutUncaughtErrors(stream) {
  Reflect.apply(EventEmitter.prototype.on, stream, ['error', () => {}]);
  stream.$driverChangeStreamPromise?.catch(() => {});
  return stream;
}

module.exports = { withoutUncaughtErrors };
