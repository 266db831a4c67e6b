'use strict';

const { driverConnectionClass } = require('./driver-connection');
const { OURS, nativeDriverOf } = require('./native-driver');
const { tenantConnectionClass } = require('./tenant-connection');

/**
 * The classes that put one copy of Mongoose on the engine.
 *
 * @typedef {object} Driver
 * @property {any} Connection        for `mongoose.setDriver()`
 * @property {any} Collection        Mongoose's own: all it needs is a database to ask for collections
 * @property {any} BulkWriteResult
 * @property {any} ClientEncryption
 * @property {any} TenantConnection  for databases that share a wrapper's pool
 */

/** One set for each copy of Mongoose, so that several live side by side. @type {WeakMap<object, Driver>} */
const drivers = new WeakMap();

/**
 * @param {any} base a Mongoose instance
 * @returns {Driver}
 */
function driverFor(base) {
  const native = nativeDriverOf(base);
  let driver = drivers.get(native);
  if (driver === undefined) {
    driver = {
      Connection: driverConnectionClass(native),
      Collection: native.Collection,
      BulkWriteResult: native.BulkWriteResult,
      ClientEncryption: native.ClientEncryption,
      TenantConnection: tenantConnectionClass(native),
    };
    Object.defineProperty(driver, OURS, { value: true });
    drivers.set(native, driver);
  }
  return driver;
}

module.exports = { driverFor };
