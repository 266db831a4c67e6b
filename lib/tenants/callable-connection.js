'use strict';

const { inspect } = require('node:util');
const { PolyMongoError } = require('../error');
const { HOME } = require('../mongoose/home');
const { SELF } = require('../mongoose/tenant-connection');

/**
 * What all callable connections are proxies of. An arrow function has no property that a proxy must show, so the
 * connection alone decides what is seen.
 */
const callee = () => {};

/** Inspecting a proxy looks at its target. */
Object.defineProperty(callee, inspect.custom, {
  /** @this {any} */
  value: function () {
    return this[SELF];
  },
  // The proxy need not show it as its own.
  configurable: true,
});

/**
 * A tenant's connection that can also be called: `Model.db` is Mongoose's connection and `Model.db('name')` is the
 * model of another database. Everything but the call is the connection's own.
 *
 * @implements {ProxyHandler<any>}
 */
class CallableConnection {
  /**
   * @param {any} connection
   * @param {any} model the user's own model
   */
  constructor(connection, model) {
    this.connection = connection;
    this.model = model;
  }

  apply(_callee, _this, args) {
    return this.connection[HOME].called(this.model, args);
  }

  get(_callee, key) {
    return this.connection[key];
  }

  set(_callee, key, value) {
    this.connection[key] = value;
    return true;
  }

  has(_callee, key) {
    return key in this.connection;
  }

  deleteProperty(_callee, key) {
    return Reflect.deleteProperty(this.connection, key);
  }

  ownKeys() {
    return Reflect.ownKeys(this.connection);
  }

  getOwnPropertyDescriptor(_callee, key) {
    const descriptor = Reflect.getOwnPropertyDescriptor(this.connection, key);
    // The language forbids reporting what the target lacks as fixed.
    return descriptor && { ...descriptor, configurable: true };
  }

  defineProperty(_callee, key, descriptor) {
    return Reflect.defineProperty(this.connection, key, { ...descriptor, configurable: true });
  }

  getPrototypeOf() {
    return Reflect.getPrototypeOf(this.connection);
  }
}

/**
 * @param {any} connection
 * @param {any} model the user's own model
 */
function callableConnection(connection, model) {
  return new Proxy(callee, new CallableConnection(connection, model));
}

/** What needs no tenant: sessions span databases, and looking at a value must not throw. */
const WITHOUT_TENANT = new Set([
  ...[
    'base',
    'then',
    'toJSON',
    'constructor',
    'startSession',
    'transaction',
    'withSession',
    'readyState',
    'states',
  ],
  ...['host', 'port', 'useDb', 'listDatabases', 'getClient', 'asPromise', '_waitForConnect', '_readyState'],
]);

/** `Model.db` while a tenant is required and none is set: it can be called, the rest is refused. */
class TenantlessConnection extends CallableConnection {
  get(_callee, key) {
    const value = this.connection[key];
    if (typeof key === 'symbol' || value === undefined) return value;
    if (!WITHOUT_TENANT.has(key)) throw tenantRequired();
    // Not on this object, which would refuse what the method itself asks for.
    return typeof value === 'function' && key !== 'constructor' ? value.bind(this.connection) : value;
  }

  /** @returns {boolean} */
  set() {
    throw tenantRequired();
  }
}

/**
 * @param {any} connection
 * @param {any} model the user's own model
 */
function tenantlessConnection(connection, model) {
  return new Proxy(callee, new TenantlessConnection(connection, model));
}

/** @param {string} [why] */
function tenantRequired(
  why = 'none is set here; name it with Model.db("name") or run inside wrapper.run("name", fn)',
) {
  return new PolyMongoError(`A tenant is required: ${why}`, { code: 'TENANT_REQUIRED' });
}

module.exports = { callableConnection, tenantlessConnection, tenantRequired };
