'use strict';

const { EventEmitter } = require('node:events');

/**
 * Mongoose's own collection on a connection that is open from the start: nothing to wait for, nothing to flush.
 * @param {any} Collection
 */
function tenantCollectionClass(Collection) {
  return /** @type {any} */ (
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
}

module.exports = { tenantCollectionClass };
