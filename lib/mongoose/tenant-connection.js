'use strict';

const { inspect } = require('node:util');
const { PolyMongoError } = require('../error');
const { isModel } = require('./is-model');
const { tenantCollectionClass } = require('./tenant-collection');

/** The connection itself, also when asked through the function that stands for it. */
const SELF = Symbol('polymongo#connection');
const HOME = Symbol('polymongo#home');
const DB = Symbol('polymongo#db');
const CLIENT = Symbol('polymongo#client');

const CONNECTED = 1;
const DISCONNECTED = 0;

/**
 * What a tenant's connection asks of the layer that made it.
 *
 * @typedef {object} Home
 * @property {any} base                         the Mongoose instance
 * @property {any} client                       the client all its connections share
 * @property {() => string[]} hosts
 * @property {object} config                    `autoIndex`, `autoCreate`, `sanitizeFilter` …
 * @property {object | null} options            `maxTimeMS` …
 * @property {(name: string) => boolean} isDown whether the servers of that database are known to be out of reach
 * @property {(name: string) => any} connection
 * @property {(name: string) => any} modelNamed a user's model by name, or undefined
 * @property {(connection: any, model: any) => any} bound  the model bound to the connection
 * @property {(connection: any) => void} closed
 * @property {(name: string) => boolean} release
 * @property {(model: any, args: any[]) => any} called   what `Model.db(...)` answers
 */

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

    get db() {
      this[DB] ??= this[HOME].client.db(this.name);
      return this[DB];
    }

    get client() {
      this[CLIENT] ??= this[HOME].client.boundTo(this.name);
      return this[CLIENT];
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
    async _waitForConnect() {}

    _shouldBufferCommands() {
      return false;
    }

    collection(name, options) {
      const self = this[SELF];
      if (!Object.hasOwn(self.collections, name)) {
        self.collections[name] = new Collection(name, self, options ?? {});
      }
      return self.collections[name];
    }

    /** A model this connection does not have yet is the user's own model of that name, bound here. */
    model(name, schema, collection, options) {
      const self = this[SELF];
      if (schema === undefined && isModel(name)) return self[HOME].bound(self, name);
      if (arguments.length === 1 && typeof name === 'string' && !Object.hasOwn(self.models, name)) {
        const original = self[HOME].modelNamed(name);
        if (original !== undefined) return self[HOME].bound(self, original);
      }
      return super.model.apply(self, arguments);
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

    async createClient() {
      throw new PolyMongoError(
        `The connection of the database "${this.name}" belongs to a polymongo wrapper and opens by itself; for another server make a second wrapper`,
        { code: 'CONNECTION_MANAGED' },
      );
    }

    setClient() {
      throw new PolyMongoError(
        'setClient() is not possible: this connection runs on the polymongo engine and cannot take another client',
        { code: 'CONNECTION_MANAGED' },
      );
    }

    [inspect.custom](_depth, options) {
      const { name, host, port, readyState } = this;
      return `NativeConnection ${inspect({ name, host, port, readyState, models: Object.keys(this.models) }, options)}`;
    }
  };
}

/** @param {Home} home */
function addressOf(home) {
  const [address = ''] = home.hosts();
  const end = address.lastIndexOf(':');
  return end === -1 ? { host: address, port: 27017 } : { host: address.slice(0, end), port: Number(address.slice(end + 1)) };
}

module.exports = { HOME, SELF, tenantConnectionClass };
