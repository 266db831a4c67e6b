'use strict';

const { inspect } = require('node:util');

const { PolyMongoError } = require('../error');
const { isModel } = require('../mongoose/is-model');
const { received } = require('../protocol/option-values');

const FIND = Symbol('polymongo#find');

/** `tenant.models`: the models that are wrapped when it is looked at. @implements {ProxyHandler<any>} */
class Models {
  /** @param {Tenant} tenant @param {import('./tenants').Tenants} tenants */
  constructor(tenant, tenants) {
    this.tenant = tenant;
    this.tenants = tenants;
  }

  get(_target, key) {
    return typeof key === 'symbol' ? undefined : this.tenant[FIND](key);
  }

  has(_target, key) {
    return typeof key === 'string' && this.tenants.modelNamed(key) !== undefined;
  }

  ownKeys() {
    return this.tenants.modelNames();
  }

  getOwnPropertyDescriptor(_target, key) {
    const value = this.get(_target, key);
    return value && { value, enumerable: true, configurable: true };
  }

  set() {
    return false;
  }
}

/**
 * One tenant: what `wrapper.tenant(name)` gives and `request.tenant` holds. It is made of two names, so one for each
 * request costs nothing; models and connections are found when they are asked for.
 */
class Tenant {
  #wrapper;
  #tenants;

  /**
   * @param {import('../wrapper/poly-mongo').PolyMongo} wrapper
   * @param {import('./tenants').Tenants} tenants
   * @param {string} name
   * @param {string} databaseName checked by the caller
   */
  constructor(wrapper, tenants, name, databaseName) {
    this.#wrapper = wrapper;
    this.#tenants = tenants;
    this.name = name;
    this.databaseName = databaseName;
  }

  /** All wrapped models, bound to this tenant. */
  get models() {
    return new Proxy({}, new Models(this, this.#tenants));
  }

  /** @param {any} model a name, or a model */
  model(model) {
    const original = typeof model === 'string' ? this.#tenants.modelNamed(model) : model;
    if (isModel(original)) return this.#tenants.model(original, this.databaseName);
    const known = this.#tenants.modelNames().join(', ') || 'none';
    throw new PolyMongoError(
      `tenant.model() needs a model, or the name of one that is wrapped (${known})${received(model)}`,
      { code: 'INVALID_MODEL' },
    );
  }

  /** @template T @param {() => T} fn @returns {T} */
  run(fn) {
    return this.#wrapper.run(this.name, fn);
  }

  /** @param {(session: any) => any} fn @param {any} [options] */
  transaction(fn, options) {
    return this.run(() => this.#wrapper.transaction(fn, options));
  }

  /** A change stream over all its collections. @param {any[]} [pipeline] @param {any} [options] */
  watch(pipeline, options) {
    return this.#wrapper.adv.getConnection(this.databaseName).watch(pipeline, options);
  }

  async stats() {
    return this.#wrapper.stats.db(this.databaseName);
  }

  drop() {
    return this.#wrapper.dropDatabase(this.databaseName);
  }

  toJSON() {
    return { name: this.name, databaseName: this.databaseName };
  }

  /** @param {number} _depth @param {import('node:util').InspectOptions} options */
  [inspect.custom](_depth, options) {
    return `Tenant ${inspect(this.toJSON(), options)}`;
  }

  /** @param {string} name */
  [FIND](name) {
    // The prototype is asked, too, when somebody looks at it.
    const original = #tenants in this ? this.#tenants.modelNamed(name) : undefined;
    return original && this.#tenants.model(original, this.databaseName);
  }
}

// `request.tenant.User`: what is no member of its own is looked for among the models.
Object.setPrototypeOf(
  Tenant.prototype,
  new Proxy(Object.create(Object.prototype), {
    get: (target, key, receiver) =>
      typeof key === 'symbol' || key in target ? Reflect.get(target, key, receiver) : receiver[FIND]?.(key),
  }),
);

exports.Tenant = Tenant;
