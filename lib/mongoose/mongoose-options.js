'use strict';

/** What Mongoose keeps for itself among the options of a connection. */
const OWN = ['autoCreate', 'autoSearchIndex', 'bufferCommands', 'bufferTimeoutMS', 'sanitizeFilter'];

/** Modes that may read from the primary, where indexes are built. */
const BUILDS_INDEXES = new Set(['primary', 'primaryPreferred']);

/**
 * Parts the options of `mongoose.connect()` into Mongoose's own and the driver's, by Mongoose's rules.
 * @param {any} base
 * @param {string} uri
 * @param {any} given
 * @returns {{config: Record<string, any>, user?: string, pass?: string, dbName?: string, options: Record<string, any>}}
 */
function splitOptions(base, uri, given) {
  const { config: nested, autoIndex, user, pass, dbName, ...options } = { ...given };
  /** @type {Record<string, any>} */
  const config = {};
  const builds = nested?.autoIndex ?? autoIndex;
  if (builds != null) config.autoIndex = builds !== false;
  for (const name of OWN) {
    if (options[name] != null) config[name] = name === 'autoCreate' ? Boolean(options[name]) : options[name];
    delete options[name];
  }
  const mode =
    options.readPreference?.mode ??
    options.readPreference ??
    /[&?]readPreference=(\w+)(?:&|$)/.exec(uri)?.[1];
  if (mode && !BUILDS_INDEXES.has(mode)) {
    if (mode !== 'nearest' && (config.autoIndex || config.autoCreate)) {
      throw new base.MongooseError(
        'MongoDB prohibits index creation on connections that read from non-primary replicas.  Connections that set ' +
          '"readPreference" to "secondary" or "secondaryPreferred" may not opt-in to the following connection options: ' +
          'autoCreate, autoIndex',
      );
    }
    Object.assign(config, { autoIndex: false, autoCreate: false });
  }
  if (user || pass) options.auth = { ...options.auth, username: user, password: pass };
  return { config, user, pass, dbName, options };
}

module.exports = { splitOptions };
