'use strict';

const { PolyMongoError } = require('../error');
const { BY_NAME } = require('../protocol/connection-options');
const { parseConnection } = require('../protocol/connection-string');
const { checkOptions, properNames } = require('./check-options');
const { CONNECTION_DEFAULTS, POOL_OPTIONS } = require('./options');

/**
 * @typedef {object} Pool  A dedicated pool as configured.
 * @property {Record<string, any>} config  For the engine (PoolConfig); its `uri`, when it has one, holds the credentials
 * @property {boolean} coldStart
 * @property {boolean} autoClose
 * @property {number | null} ttl
 * @property {string[] | null} hosts  Of its own mongoURI
 * @property {Record<string, any>} shown  The options without secrets, for statistics
 */

/**
 * Reads the options of a dedicated pool.
 * @param {any} raw
 * @param {object} context
 * @param {number} context.sharedSize  `maxPoolSize` of the shared pool, the default of all others
 * @param {string} [context.path]
 * @param {string} [context.prefix]
 * @param {boolean} [context.lenient]
 * @param {string[]} context.warnings
 * @returns {Pool}
 */
function readPool(raw, { sharedSize, path = '', prefix = '', lenient = false, warnings }) {
  const checked = checkOptions(POOL_OPTIONS, raw ?? {}, { path, prefix, lenient, warnings });
  const given = properNames(POOL_OPTIONS, checked, prefix);
  const { mongoURI, autoClose = false, ttl = null, coldStart = true, ...options } = given;
  /** @type {Record<string, any>} */
  let config;
  let hosts = null;
  if (mongoURI === undefined) {
    const foreign = Object.keys(options).find((name) => BY_NAME.get(name)?.goes !== 'config');
    if (foreign !== undefined) {
      throw new PolyMongoError(
        `${prefix}${path}${foreign} needs a mongoURI beside it: a pool without one uses the wrapper's server, ` +
          'credentials and read and write concerns',
        { code: 'OPTION_INVALID', option: path + foreign },
      );
    }
    config = { maxPoolSize: sharedSize, ...options };
  } else {
    const connection = parseConnection(
      mongoURI,
      options,
      { ...CONNECTION_DEFAULTS, maxPoolSize: sharedSize },
      { label: `${path}mongoURI`, lenient },
    );
    warnings.push(...connection.warnings);
    config = { uri: connection.uri, ...connection.config };
    hosts = connection.hosts;
  }
  if (config.minPoolSize > config.maxPoolSize) {
    throw new PolyMongoError(`${prefix}${path}minConnections cannot be greater than maxConnections`, {
      code: 'OPTION_INVALID',
      option: `${path}minConnections`,
    });
  }
  if (autoClose && ttl === null)
    warnings.push(`${path}autoClose without a ttl never closes the pool; give ttl in milliseconds`);
  const { mongoURI: _secret, ...plain } = checked;
  return { config: { ...config, autoClose, ttl }, coldStart, autoClose, ttl, hosts, shown: { ...plain, autoClose, coldStart } };
}

module.exports = { readPool };
