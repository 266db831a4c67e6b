'use strict';

const { PolyMongoError } = require('../error');

/** Marks driver modules of ours, wherever Mongoose hands them back. */
const OURS = Symbol('polymongo#driver');

/**
 * Mongoose's own driver classes, found once per copy of the package: later its registry may hold ours.
 * @type {WeakMap<object, any>}
 */
const natives = new WeakMap();

/**
 * The classes Mongoose brings for MongoDB: its `Connection` and `Collection` carry buffering, `debug` and events, and
 * reach the network only through the client they are given.
 * @param {any} base a Mongoose instance
 * @returns {{Connection: any, Collection: any, BulkWriteResult: any, ClientEncryption: any}}
 */
function nativeDriverOf(base) {
  const registry = base.driver;
  let native = natives.get(registry);
  if (native === undefined) {
    native = registry.get();
    if (native[OURS]) {
      throw new PolyMongoError(
        'Mongoose has lost its own driver: polymongo/driver was put into its registry. Use mongoose.setDriver(), which keeps it',
        { code: 'MONGOOSE_DRIVER_UNKNOWN' },
      );
    }
    natives.set(registry, native);
  }
  return native;
}

module.exports = { OURS, nativeDriverOf };
