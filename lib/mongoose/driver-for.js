'use strict';

const { nativeDriverOf } = require('./native-driver');
const { tenantConnectionClass } = require('./tenant-connection');

/** One set of classes for each copy of Mongoose, so that several live side by side. @type {WeakMap<object, any>} */
const drivers = new WeakMap();

/**
 * The classes that put one copy of Mongoose on the engine.
 * @param {any} base a Mongoose instance
 */
function driverFor(base) {
  const native = nativeDriverOf(base);
  let driver = drivers.get(native);
  if (driver === undefined) {
    driver = { TenantConnection: tenantConnectionClass(native) };
    drivers.set(native, driver);
  }
  return driver;
}

module.exports = { driverFor };
