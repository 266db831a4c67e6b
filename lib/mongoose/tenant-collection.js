'use strict';

/**
 * Mongoose's own collection on a connection that is open from the start: nothing to wait for, nothing to flush.
 * @param {any} Collection
 */
function tenantCollectionClass(Collection) {
  return class NativeCollection extends Collection {
    onOpen() {
      this.buffer = false;
      this.collection = this.conn.db.collection(this.name);
      return this.collection;
    }

    _shouldBufferCommands() {
      return false;
    }
  };
}

module.exports = { tenantCollectionClass };
