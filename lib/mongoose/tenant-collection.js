'use strict';

const { EventEmitter } = require('node:events');
const { HOME } = require('./home');

/** Where the options stand among the arguments of what a transaction can hold. */
const OPTIONS_AT = {
  ...{ find: 1, findOne: 1, countDocuments: 1, distinct: 2, aggregate: 1, bulkWrite: 1 },
  ...{ insertOne: 1, insertMany: 1, updateOne: 2, updateMany: 2, replaceOne: 2, deleteOne: 1, deleteMany: 1 },
  ...{ findOneAndUpdate: 2, findOneAndReplace: 2, findOneAndDelete: 1 },
};

/**
 * Mongoose's own collection on a connection that is open from the start: nothing to wait for, nothing to flush.
 * @param {any} Collection
 */
function tenantCollectionClass(Collection) {
  class NativeCollection extends Collection {
    /** Tells of the end of buffering, which never begins: made when somebody asks for it. */
    get emitter() {
      Object.defineProperty(this, 'emitter', {
        value: new EventEmitter(),
        writable: true,
        configurable: true,
      });
      return this.emitter;
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

  for (const [name, position] of Object.entries(OPTIONS_AT)) {
    const run = Collection.prototype[name];
    /** @this {any} */
    const value = function (/** @type {any[]} */ ...args) {
      const ambient = this.conn[HOME].ambient();
      if (ambient !== undefined) args[position] = withAmbient(args[position], ambient);
      return run.apply(this, args);
    };
    Object.defineProperty(NativeCollection.prototype, name, { value, writable: true, configurable: true });
  }
  return /** @type {any} */ (NativeCollection);
}

/**
 * What the caller says comes first: `session: null` is no session.
 * @param {any} options
 * @param {{session?: any, timeoutMS?: number}} ambient
 */
function withAmbient(options, { session, timeoutMS }) {
  const wantsSession = session != null && options?.session === undefined;
  const wantsTimeout = timeoutMS !== undefined && options?.timeoutMS === undefined;
  if (!wantsSession && !wantsTimeout) return options;
  return { ...options, ...(wantsSession && { session }), ...(wantsTimeout && { timeoutMS }) };
}

module.exports = { tenantCollectionClass };
