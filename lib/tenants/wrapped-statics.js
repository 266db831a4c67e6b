'use strict';

const { PolyMongoError } = require('../error');
const { isModel } = require('../mongoose/is-model');
const { isBound, isWrapped, originalOf } = require('../mongoose/originals');
const { withoutUncaughtErrors } = require('../mongoose/stream-errors');
const { SELF } = require('../mongoose/tenant-connection');
const { Across } = require('./across');
const { runIn } = require('./context');
const { warnOnce } = require('../services/warn-once');

/** @typedef {import('./base-tenants').BaseTenants} BaseTenants */
/** @typedef {Record<string, (receiver: any, args: any[]) => any>} Statics */

/** What needs no database, or is Mongoose's own business: inherited as it is. */
const INHERITED = new Set([
  ...[
    'applyDefaults',
    'applyTimestamps',
    'applyVirtuals',
    'castObject',
    'translateAliases',
    'validate',
    'inspect',
  ],
  ...['compile', '__subclass', '_applyQueryMiddleware', '$__updateConnection'],
  ...['emit', 'eventNames', 'getMaxListeners', 'listenerCount', 'listeners', 'rawListeners'],
]);

/** Listeners of a model hear all its tenants, so the original keeps them. */
const LISTENING = [
  ...['addListener', 'on', 'once', 'prependListener', 'prependOnceListener'],
  ...['off', 'removeListener', 'removeAllListeners', 'setMaxListeners'],
];

/**
 * Statics that are the same whatever the tenant: they concern the schema, which all tenants share.
 * @param {any} original
 * @param {BaseTenants} home
 * @returns {Statics}
 */
function sharedStatics(original, home) {
  /** @type {Statics} */
  const statics = {
    discriminator(receiver, args) {
      const discriminator = home.defined.has(original)
        ? home.defined.discriminator(original, args)
        : original.discriminator(...args);
      return isBound(receiver) ? home.bound(receiver.db[SELF], discriminator) : home.wrap(discriminator);
    },
    recompileSchema: () => original.recompileSchema(),
    // Sessions span databases, so they need no tenant.
    startSession(receiver, args) {
      const name = isBound(receiver)
        ? receiver.db.name
        : (home.currentDatabaseOrNull(original) ?? home.tenants.defaultDatabase());
      return home.connection(name).startSession(...args);
    },
    toString: () => Function.prototype.toString.call(original),
  };
  // A static of the user's own by that name is what they mean.
  if (original.across === undefined) statics.across = (_receiver, args) => across(original, home, args);
  for (const name of LISTENING) {
    statics[name] = (receiver, args) => {
      original[name](...args);
      return receiver;
    };
  }
  return statics;
}

/**
 * @param {any} original
 * @param {BaseTenants} home
 * @param {any[]} args
 */
function across(original, home, [selection, options]) {
  const dbName = home.ownDatabase(original);
  if (dbName === undefined) return new Across(home.tenants, original, selection, options);
  throw new PolyMongoError(
    `The model "${original.modelName}" has the database "${dbName}" for itself; there is nothing of it across tenants`,
    { code: 'DATABASE_FIXED_BY_MODEL', dbName },
  );
}

/**
 * Statics of a bound model that do more than the original's.
 * @param {any} original
 * @param {BaseTenants} home
 * @returns {Statics}
 */
function tenantStatics(original, home) {
  /** @type {Statics} */
  const statics = {
    // `close()` and `dropDatabase()` delete `$init`, which would uncover the original's: a promise that never settles
    // while the original's connection is never opened.
    init(receiver, args) {
      if (!Object.hasOwn(receiver, '$init')) receiver.$init = undefined;
      return Reflect.apply(original.init, receiver, args);
    },
    // A model given as a class means the one of this tenant.
    populate(receiver, [docs, paths, ...rest]) {
      const connection = receiver.db[SELF];
      const bound = withBoundModels(paths, connection, home);
      const run = () => Reflect.apply(original.populate, receiver, [docs, bound, ...rest]);
      return home.tenants.isControl(connection.name) ? withRefusals(home, run) : run();
    },
    watch(receiver, args) {
      return withoutUncaughtErrors(Reflect.apply(original.watch, receiver, args));
    },
  };
  for (const name of ['find', 'findById', 'findOne']) {
    statics[name] = (receiver, args) => Reflect.apply(original[name], receiver, withSessionAsOption(args));
  }
  return statics;
}

/**
 * Populating leaves a path as it is when its model cannot be had for a reason that is not Mongoose's own.
 * @param {BaseTenants} home
 * @param {() => Promise<any>} populate
 */
async function withRefusals(home, populate) {
  /** @type {Error[]} */
  const refusals = [];
  const populated = await runIn(home.tenants, { refusals }, populate);
  if (refusals.length > 0) throw refusals[0];
  return populated;
}

/**
 * @param {any} paths
 * @param {any} connection
 * @param {BaseTenants} home
 * @returns {any}
 */
function withBoundModels(paths, connection, home) {
  if (Array.isArray(paths)) return paths.map((path) => withBoundModels(path, connection, home));
  const model = paths?.model;
  if (!isModel(model) || !belongsHere(model, home)) return paths;
  const original = originalOf(model);
  // Documents of no tenant do not say whose: as everywhere, a wrapped model means the tenant of the running code.
  const bound = home.livesIn(original, connection.name)
    ? home.bound(connection, original)
    : home.current(original);
  return Object.assign(Object.create(Object.getPrototypeOf(paths)), paths, { model: bound });
}

/**
 * A model of another database or connection was named on purpose.
 * @param {any} model
 * @param {BaseTenants} home
 */
function belongsHere(model, home) {
  if (isBound(model)) return false;
  return isWrapped(model) ? home.wrapped.get(originalOf(model)) === model : home.sources.has(model.db);
}

/**
 * `find({}, { session })` was documented once: a session in the place of the projection.
 * @param {any[]} args
 */
function withSessionAsOption(args) {
  const [filter, projection, options] = args;
  if (projection?.session?.constructor?.name !== 'ClientSession' || Object.keys(projection).length !== 1)
    return args;
  warnOnce(
    'A session was passed as the projection; it is used as an option: pass it as the third argument, find(filter, null, { session })',
    'POLYMONGO_SESSION_AS_PROJECTION',
  );
  return [filter, null, { ...options, ...projection }];
}

module.exports = { INHERITED, sharedStatics, tenantStatics };
