'use strict';

const { createClient } = require('../driver/client');
const { PolyMongoError } = require('../error');
const { bind } = require('../mongoose/bind');
const { driverFor } = require('../mongoose/driver-for');
const { refuseEncryptedSchema } = require('../mongoose/encrypted-schemas');
const { isBound, isWrapped, originalOf } = require('../mongoose/originals');
const { codecOfMongoose } = require('../protocol/codec');
const { nameRefs } = require('../mongoose/refs');
const { callableConnection, tenantRequired } = require('./callable-connection');
const { frameOf } = require('./context');
const { DefinedModels } = require('./defined-models');
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
    /** Models that were defined anew, for those who still hold them. @type {WeakMap<any, any>} */
    this.retired = new WeakMap();
    /** Databases of the models that have one for themselves, by the user's own. @type {WeakMap<any, string>} */
    this.own = new WeakMap();
    this.defined = new DefinedModels(this);
    /** The user's own models by name; the latest wins. @type {Map<string, any>} */
    this.named = new Map();
    /** Where the user's models were made. @type {Set<any>} */
    this.sources = new Set(base.connection ? [base.connection] : []);
  }

  /** @param {any} model the user's own, or one of ours made from it */
  wrap(model) {
    const original = originalOf(model);
    let wrapped = this.wrapped.get(original) ?? this.retired.get(original);
    if (wrapped === undefined) {
      refuseEncryptedSchema(original);
      nameRefs(original, (ref) => this.wrapped.get(originalOf(ref)) === ref);
      wrapped = wrap(original, this);
      this.wrapped.set(original, wrapped);
      this.named.set(original.modelName, original);
      this.sources.add(original.db);
      this.tenants.firstWrites.expect(original);
    }
    return wrapped;
  }

  /**
   * @param {any} model
   * @param {string | undefined} own  the database that it has for itself
   */
  wrapIn(model, own) {
    const original = originalOf(model);
    if (this.wrapped.has(original) && this.ownDatabase(original) !== own) {
      const where = this.ownDatabase(original);
      throw new PolyMongoError(
        `The model "${original.modelName}" is wrapped already, ` +
          (where === undefined ? 'for all tenants' : `for the database "${where}"`) +
          '; a model lives either with the tenants or in one database (wrapModel(model, {db}))',
        { code: 'MODEL_CONFLICT' },
      );
    }
    const namesake = this.named.get(original.modelName);
    if (namesake !== undefined && namesake !== original && this.defined.has(namesake)) {
      throw new PolyMongoError(
        `There is a model "${original.modelName}" already, defined with wrapper.model(); give one of the two another name`,
        { code: 'MODEL_CONFLICT' },
      );
    }
    if (own !== undefined) {
      this.own.set(original, own);
      this.tenants.controls.add(own);
    }
    return this.wrap(original);
  }

  /**
   * A model that was defined anew: who still holds it may go on using it, nobody else finds it.
   * @param {any} original
   */
  retire(original) {
    const wrapped = this.wrapped.get(original);
    if (wrapped === undefined) return;
    this.wrapped.delete(original);
    this.retired.set(original, wrapped);
    if (this.named.get(original.modelName) === original) this.named.delete(original.modelName);
    this.tenants.firstWrites.unexpect(original);
    for (const connection of this.registry.values()) {
      connection[NAMESAKES]?.delete(wrapped);
      const bound = connection.models[original.modelName];
      if (bound !== undefined && originalOf(bound) === original) delete connection.models[original.modelName];
    }
  }

  /**
   * The database of a model that has one for itself, and of its discriminators.
   * @param {any} original
   * @returns {string | undefined}
   */
  ownDatabase(original) {
    if (this.tenants.controls.size === 0) return undefined;
    const own = this.own.get(original);
    if (own !== undefined || original.baseModelName === undefined) return own;
    return this.ownDatabase(original.db.models[original.baseModelName]);
  }

  /** @param {any} original @param {string} dbName */
  livesIn(original, dbName) {
    const own = this.ownDatabase(original);
    return own === undefined ? !this.tenants.isControl(dbName) : own === dbName;
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
    const own = this.ownDatabase(originalOf(wrapped));
    return this.boundTo(own === undefined ? connection : this.connection(own), wrapped);
  }

  /**
   * The model that a name means on a connection, as in populating. Documents of no tenant do not say which tenant's.
   * @param {any} connection
   * @param {string} name
   */
  boundByName(connection, name) {
    const original = this.modelNamed(name);
    if (original === undefined) return undefined;
    if (!this.tenants.isControl(connection.name) || this.ownDatabase(original) !== undefined)
      return this.bound(connection, original);
    const refusal = tenantRequired(
      `"${name}" belongs to the tenants, and "${connection.name}" is no tenant's database; name the tenant: ` +
        `populate({ path, model: ${name}.db("…") })`,
    );
    frameOf(this.tenants)?.refusals?.push(refusal);
    throw refusal;
  }

  /**
   * @param {any} connection
   * @param {any} wrapped
   */
  boundTo(connection, wrapped) {
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
    const own = this.ownDatabase(model);
    return this.bound(this.connection(own ?? this.tenants.currentDatabase()), model);
  }

  /**
   * The database that a wrapped model means now; null when a tenant is required and there is none.
   * @param {any} model the user's own
   */
  currentDatabaseOrNull(model) {
    return this.ownDatabase(model) ?? this.tenants.currentDatabaseOrNull();
  }

  /** @param {any} model @param {any[]} args */
  called(model, args) {
    const own = this.ownDatabase(model);
    if (own === undefined) return this.model(model, this.tenants.databaseAsked(args, this.registry));
    if (args[0] == null || args[0] === own) return this.model(model, own);
    throw new PolyMongoError(
      `The model "${model.modelName}" has the database "${own}" for itself; it has no .db(${JSON.stringify(args[0])})`,
      { code: 'DATABASE_FIXED_BY_MODEL', dbName: args[0] },
    );
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
