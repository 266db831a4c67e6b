'use strict';

const { driverFor } = require('./lib/mongoose/driver-for');

/**
 * The engine as a Mongoose driver: `mongoose.setDriver(require('polymongo/driver'))`. Its classes are those of the
 * Mongoose they are used with; called with one, it answers that one's.
 *
 * @param {any} mongoose
 */
function driver(mongoose) {
  return driverFor(mongoose);
}

/** @param {any} base the Mongoose instance */
function Connection(base) {
  return new (driverFor(base).Connection)(base);
}

Object.defineProperty(Connection, Symbol.hasInstance, {
  value: (/** @type {any} */ value) =>
    value?.base?.driver !== undefined && value instanceof driverFor(value.base).Connection,
});

/**
 * @param {string} name
 * @param {any} connection
 * @param {object} options
 */
function Collection(name, connection, options) {
  return new (driverFor(connection.base).Collection)(name, connection, options);
}

module.exports = Object.assign(driver, { Connection, Collection });
