'use strict';

const { EventEmitter } = require('node:events');
const driver = require('../driver/collection');

/**
 * Mongoose's own collection on a connection that is open from the start: nothing to wait for, nothing to flush.
 * @param {any} Collection
 */
function tenantCollectionClass(Collection) {
  const TenantCollection = /** @type {any} */ (
    class NativeCollection extends Collection {
      /** Tells of the end of buffering, which never begins: made when somebody asks for it. */
      get emitter() {
        const value = new EventEmitter();
        Object.defineProperty(this, 'emitter', { value, writable: true, configurable: true });
        return value;
      }

      set emitter(_unused) {}

      onOpen() {
        this.buffer = false;
        this.collection = this.conn.db.collection(this.name);
        return this.collection;
      }

      _shouldBufferCommands() {
        return false;
      }
    }
  );
  for (const name of Object.getOwnPropertyNames(Collection.prototype)) {
    if (name !== 'constructor' && typeof driver.Collection.prototype[name] === 'function') {
      goStraight(TenantCollection.prototype, name);
    }
  }
  return TenantCollection;
}

/**
 * A method of Mongoose's collection prints what it is called with, tells listeners of its begin and end, and calls the
 * driver's. Where nobody asked for the first two, the driver is all that is called: Mongoose 8 spends 3 µs on them then.
 *
 * @param {any} prototype
 * @param {string} name
 */
function goStraight(prototype, name) {
  const parent = Object.getPrototypeOf(prototype);
  const own = parent[name];
  /** @this {any} */
  prototype[name] = function (...args) {
    const { collection, conn } = this;
    return collection != null && parent[name] === own && isUnobserved(conn) && !endsWithCallback(args)
      ? collection[name](...args)
      : parent[name].apply(this, args);
  };
}

/** @param {any} conn */
function isUnobserved(conn) {
  return (
    !(conn.options?.debug ?? conn.base.options.debug) &&
    conn.listenerCount('operation-start') === 0 &&
    conn.listenerCount('operation-end') === 0 &&
    !conn.$wasForceClosed
  );
}

/** @param {any[]} args */
function endsWithCallback(args) {
  return typeof args[args.length - 1] === 'function';
}

module.exports = { tenantCollectionClass };
