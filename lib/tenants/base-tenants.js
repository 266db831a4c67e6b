'use strict';

const { createClient } = require('../driver/client');
const { bind } = require('../mongoose/bind');
const { driverFor } = require('../mongoose/driver-for');
const { refuseEncryptedSchema } = require('../mongoose/encrypted-schemas');
const { isBound, isWrapped, originalOf } = require('../mongoose/originals');
const { codecOfMongoose } = require('../protocol/codec');
const { callableConnection } = require('./callable-connection');
const { frameOf } = require('./context');
const { Registry } = require('./registry');
const { wrap } = require('./wrap-model');

/** Bound models whose name another model of the same connection has. */
const NAMESAKES = Symbol('polymongo#namesakes');

/**
 * The tenants of one Mongoose instance in one wrapper: connections by database name and models by the user's own.
 */
class BaseTenants {
  /**
   * @param {import('./tenants').Tenants} tenants
   * @param {any} base
   */
  constructor(tenants, base) {
    const { clientOptions, engine, options, watches } = tenants.wiring;
    this.tenants = tenants;
    this.base = base;
    this.driver = driverFor(base);
    this.client = createClient(tenants.engine, codecOfMongoose(base), {
      dbName: tenants.defaultDatabase(),
      ...clientOptions,
      // What runs inside `run()` or an implicit transaction need not name its session and deadline.
      context: () => frameOf(tenants),
      watched: (/** @type {any} */ stream) => watches.track(stream.parent.dbName ?? 'admin', stream),
    });
    this.hosts = () => engine.hosts;
    this.config = chosen(options, ['autoIndex', 'autoCreate', 'sanitizeFilter']);
    this.options = options.maxTimeMS === undefined ? null : { maxTimeMS: options.maxTimeMS };
    this.registry = new Registry(options.maxCachedDatabases);
    /** Wrapped models by the user's own. @type {Map<any, any>} */
    this.wrapped = new Map();
    /** The user's own models by name; the latest wins. @type {Map<string, any>} */
    this.named = new Map();
    /** Where the user's models were made. @type {Set<any>} */
    this.sources = new Set(base.connection ? [base.connection] : []);
  }

  /** @param {any} model the user's own, or one of ours made from it */
  wrap(model) {
    const original = originalOf(model);
    let wrapped = this.wrapped.get(original);
    if (wrapped === undefined) {
      refuseEncryptedSchema(original);
      wrapped = wrap(original, this);
      this.wrapped.set(original, wrapped);
      this.named.set(original.modelName, original);
      this.sources.add(original.db);
      this.tenants.firstWrites.expect(original);
    }
    return wrapped;
  }

  /** @param {string} name */
  modelNamed(name) {
    const known = this.named.get(name);
    if (known !== undefined) return known;
    for (const source of this.sources) {
      if (Object.hasOwn(source.models, name)) return source.models[name];
    }
    return undefined;
  }

  /** @param {string} name */
  connection(name) {
    const known = this.registry.get(name);
    if (known !== undefined) return known;
    const connection = new this.driver.TenantConnection(this, name);
    this.registry.add(name, connection);
    return connection;
  }

  /**
   * The model bound to a connection, always the same one.
   * @param {any} connection
   * @param {any} model the user's own, or one of ours
   */
  bound(connection, model) {
    const wrapped = isWrapped(model) ? model : this.wrap(model);
    const name = wrapped.modelName;
    const known = connection.models[name];
    if (known !== undefined && Object.getPrototypeOf(known) === wrapped) return known;
    return connection[NAMESAKES]?.get(wrapped) ?? this.bind(connection, wrapped, known);
  }

  /**
   * @param {any} connection
   * @param {any} wrapped
   * @param {any} namesake another model of that name on this connection
   */
  bind(connection, wrapped, namesake) {
    const original = originalOf(wrapped);
    const bound = bind(wrapped, connection, callableConnection(connection, original));
    if (namesake === undefined) {
      connection.models[wrapped.modelName] = bound;
    } else {
      connection[NAMESAKES] ??= new Map();
      connection[NAMESAKES].set(wrapped, bound);
      // What populate finds by name is what the name means on the user's own connection now.
      if (isBound(namesake) && original.db.models[original.modelName] === original) {
        connection[NAMESAKES].set(Object.getPrototypeOf(namesake), namesake);
        connection.models[wrapped.modelName] = bound;
      }
    }
    return bound;
  }

  /** @param {any} model the user's own */
  current(model) {
    return this.bound(this.connection(this.tenants.currentDatabase()), model);
  }

  /** @param {any} model @param {any[]} args */
  called(model, args) {
    return this.model(model, this.tenants.databaseAsked(args, this.registry));
  }

  /** @param {any} model @param {string} name */
  model(model, name) {
    return this.bound(this.connection(name), model);
  }

  /** @param {string} name */
  inherited(name) {
    return this.tenants.wiring.inherited(name);
  }

  /** @param {string} name */
  isDown(name) {
    return this.tenants.pools.isDown(name);
  }

  /** @param {any} connection */
  closed(connection) {
    if (this.registry.get(connection.name) === connection) this.registry.delete(connection.name);
  }

  /** @param {string} name */
  release(name) {
    return this.registry.release(name);
  }
}

/** @param {any} options @param {string[]} names */
function chosen(options, names) {
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

exports.BaseTenants = BaseTenants;
