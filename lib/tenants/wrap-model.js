'use strict';

const { blueprintOf, isInstance } = require('../mongoose/bind');
const { mirrorDiscriminators } = require('../mongoose/discriminators');
const { executedQuery, writesStacks } = require('../mongoose/executed-query');
const { hookedStatics } = require('../mongoose/hooked-statics');
const { originalOf, setWrapped } = require('../mongoose/originals');
const { HOME } = require('../mongoose/home');
const { SELF } = require('../mongoose/tenant-connection');
const { tenantlessConnection } = require('./callable-connection');
const { INHERITED, sharedStatics, tenantStatics } = require('./wrapped-statics');

/** @typedef {import('./base-tenants').BaseTenants} BaseTenants */

/**
 * The wrapper's own subclass of a user's model, and the parent of all its bound ones: what is put on it by hand reaches
 * every tenant, and nothing reaches the original. It has no database of its own: whatever is asked of it is asked of the
 * model of the current tenant, found at the moment of the call, so that a document keeps the tenant it was born in.
 *
 * @param {any} original
 * @param {BaseTenants} home
 */
function wrap(original, home) {
  const current = () => home.current(original);
  // The name shows in messages: `constructor.name === 'model'` means something to Mongoose.
  const model = /** @type {any} */ (
    function model(doc, fields, skipId) {
      return new (current())(doc, fields, skipId);
    }
  );
  if (original.name !== 'model')
    Object.defineProperty(model, 'name', { value: original.name, configurable: true });
  Object.setPrototypeOf(model, original);
  Object.setPrototypeOf(model.prototype, original.prototype);
  setWrapped(model, original);
  if (writesStacks(original)) model.Query = executedQuery(original);

  const { keys } = blueprintOf(original);
  const accessors = (target, names, get) => {
    for (const name of names) Object.defineProperty(target, name, { get, configurable: true });
  };
  accessors(model, ['db'], () => databaseOf(original, home));
  accessors(model.prototype, ['db'], () => databaseOf(original, home));
  accessors(model.prototype, [keys.db], () => current().db[SELF]);
  accessors(model, ['collection', '$__collection'], () => current().collection);
  accessors(model.prototype, ['collection', '$collection', keys.collection], () => current().collection);
  mirror(model, original, home);
  recognise(model, original, home, keys.db);
  forward(model, original, home);
  return model;
}

/**
 * `Model.db` while nothing is bound: the connection of the current tenant.
 * @param {any} original
 * @param {BaseTenants} home
 */
function databaseOf(original, home) {
  const name = home.currentDatabaseOrNull(original);
  if (name !== null) return home.model(original, name).db;
  return tenantlessConnection(home.connection(home.tenants.defaultDatabase()), original);
}

/**
 * Discriminators follow the model: wrapped here, bound on a bound model.
 * @param {any} model
 * @param {any} original
 * @param {BaseTenants} home
 */
function mirror(model, original, home) {
  /** @type {WeakMap<Function, () => any>} */
  const mirrors = new WeakMap();
  Object.defineProperty(model, 'discriminators', {
    configurable: true,
    get() {
      if (original.discriminators == null) return original.discriminators;
      let discriminators = mirrors.get(this);
      if (discriminators === undefined) {
        const connection = this === model ? null : this.db[SELF];
        discriminators = mirrorDiscriminators(original, (each) =>
          connection === null ? home.wrap(each) : home.bound(connection, each),
        );
        mirrors.set(this, discriminators);
      }
      return discriminators();
    },
    set(value) {
      Object.defineProperty(this, 'discriminators', {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  });
}

/**
 * A document of a discriminator inherits from the original, not from the models between; Mongoose and users ask with
 * `instanceof` all the same.
 *
 * @param {any} model
 * @param {any} original
 * @param {BaseTenants} home
 * @param {symbol} dbKey
 */
function recognise(model, original, home, dbKey) {
  Object.defineProperty(model, Symbol.hasInstance, {
    configurable: true,
    value(value) {
      if (typeof value !== 'object' || value === null) return false;
      if (isInstance(this, value)) return true;
      if (originalOf(this) !== original || !isInstance(original, value)) return false;
      const connection = value[dbKey];
      return this === model ? connection[HOME] === home : connection === this.prototype[dbKey];
    },
  });
}

/**
 * Statics of Mongoose. The same functions serve the bound models, which inherit them.
 * @param {any} model
 * @param {any} original
 * @param {BaseTenants} home
 */
function forward(model, original, home) {
  const shared = sharedStatics(original, home);
  const special = { ...tenantStatics(original, home), ...hookedStatics(original) };
  for (const name of new Set([...Object.getOwnPropertyNames(original.base.Model), ...Object.keys(special)])) {
    if (INHERITED.has(name) || Object.hasOwn(shared, name) || typeof original[name] !== 'function') continue;
    const run = special[name] ?? ((receiver, args) => Reflect.apply(original[name], receiver, args));
    define(model, name, (receiver, args) =>
      receiver === model ? home.current(original)[name](...args) : run(receiver, args),
    );
  }
  for (const name of Object.keys(shared)) define(model, name, shared[name]);
}

/**
 * @param {any} model
 * @param {string} name
 * @param {(receiver: any, args: any[]) => any} run
 */
function define(model, name, run) {
  const { [name]: value } = {
    /** @this {any} */
    [name](...args) {
      return run(this, args);
    },
  };
  Object.defineProperty(model, name, { value, writable: true, configurable: true });
}

module.exports = { wrap };
