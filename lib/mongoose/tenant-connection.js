'use strict';

const { inspect } = require('node:util');
const { PolyMongoError } = require('../error');
const { refuseClient, showConnection } = require('./connection-members');
const { HOME } = require('./home');
const { isModel } = require('./is-model');
const { withoutUncaughtErrors } = require('./stream-errors');
const { tenantCollectionClass } = require('./tenant-collection');

/** The connection itself, also when asked through the function that stands for it. */
const SELF = Symbol('polymongo#connection');
const DB = /** @type {any} */ (Symbol('polymongo#db'));
const CLIENT = /** @type {any} */ (Symbol('polymongo#client'));

/** What waits for a connection goes on at once, so that a change stream exists as soon as `watch()` has returned. */
const OPEN = Object.freeze({
  // biome-ignore lint/suspicious/noThenProperty: it stands in for the promise that Mongoose expects
  then(resolve) {
    return new Promise((settle) => settle(resolve()));
  },
});

const CONNECTED = 1;
const DISCONNECTED = 0;

/** @typedef {import('./home').Home} Home */

/**
 * The connection class of one copy of Mongoose for databases that share a pool. It is open from the start: nothing is
 * ever buffered, the engine connects at the first operation.
 *
 * @param {{Connection: any, Collection: any}} native
 */
function tenantConnectionClass(native) {
  const Collection = tenantCollectionClass(native.Collection);

  // The name is visible to users, who compare it.
  return class NativeConnection extends native.Connection {
    /**
     * @param {Home} home
     * @param {string} name
     */
    constructor(home, name) {
      super(home.base);
      this[HOME] = home;
      this.name = name;
      this.config = { ...home.config };
      if (home.options !== null) this.options = { ...home.options };
      this._readyState = CONNECTED;
      this._hasOpened = true;
    }

    get [SELF]() {
      return this;
    }

    get client() {
      this[CLIENT] ??= this[HOME].client.boundTo(this.name);
      return this[CLIENT];
    }

    get db() {
      this[DB] ??= this.client.db(undefined, this[HOME].inherited(this.name));
      return this[DB];
    }

    get host() {
      return addressOf(this[HOME]).host;
    }

    get port() {
      return addressOf(this[HOME]).port;
    }

    get readyState() {
      return this._readyState === CONNECTED && this[HOME].isDown(this.name) ? DISCONNECTED : this._readyState;
    }

    set readyState(state) {
      super.readyState = state;
    }

    /** The engine's own waiting for a server takes the place of Mongoose's buffer. */
    _waitForConnect() {
      return OPEN;
    }

    _shouldBufferCommands() {
      return false;
    }

    collection(name, options) {
      const self = this[SELF];
      if (!Object.hasOwn(self.collections, name)) {
        // Mongoose's collection takes one option away, from what is not frozen.
        const own = options && Object.isFrozen(options) ? options : { ...options };
        self.collections[name] = new Collection(name, self, own);
      }
      return self.collections[name];
    }

    /** A model this connection does not have yet is the user's own model of that name, bound here. */
    model(...args) {
      const self = this[SELF];
      const [name, schema] = args;
      if (schema === undefined && isModel(name)) return self[HOME].bound(self, name);
      if (args.length === 1 && typeof name === 'string' && !Object.hasOwn(self.models, name)) {
        const model = self[HOME].boundByName(self, name);
        if (model === undefined) throw new self.base.Error.MissingSchemaError(name);
        return model;
      }
      return Reflect.apply(super.model, self, args);
    }

    watch(pipeline, options) {
      return withoutUncaughtErrors(super.watch(pipeline, options));
    }

    useDb(name) {
      return this[HOME].connection(name);
    }

    removeDb(name) {
      if (!this[HOME].release(name)) super.removeDb(name);
    }

    /** Ends this connection alone: the pool serves the other databases. */
    async doClose() {
      this[HOME].closed(this[SELF]);
      return this;
    }

    /** Refused before Mongoose marks the connection as disconnected and creates the collections of its models. */
    async openUri() {
      throw new PolyMongoError(
        `The connection of the database "${this.name}" belongs to a polymongo wrapper and opens by itself; for another server make a second wrapper`,
        { code: 'CONNECTION_MANAGED' },
      );
    }

    setClient() {
      refuseClient();
    }

    [inspect.custom](_depth, options) {
      return showConnection(this, options);
    }
  };
}

/** @param {Home} home */
function addressOf(home) {
  const [address = ''] = home.hosts();
  const end = address.lastIndexOf(':');
  return end === -1
    ? { host: address, port: 27017 }
    : { host: address.slice(0, end), port: Number(address.slice(end + 1)) };
}

module.exports = { SELF, tenantConnectionClass };
