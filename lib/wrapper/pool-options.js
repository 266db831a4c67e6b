'use strict';

const { PolyMongoError } = require('../error');
const { BY_NAME } = require('../protocol/connection-options');
const { inheritedOptions, parseConnection } = require('../protocol/connection-string');
const { redactValue } = require('../protocol/redact');
const { checkOptions, properNames } = require('./check-options');
const { CONNECTION_DEFAULTS, POOL_OPTIONS } = require('./options');

const SIZES = { least: 'minConnections', most: 'maxConnections' };

/**
 * @typedef {object} Pool  A dedicated pool as configured.
 * @property {Record<string, any>} config   For the engine (PoolConfig); its `uri` is null or holds the credentials
 * @property {Record<string, any>} inherited  What operations on its databases inherit: concerns, preferences, BSON options
 * @property {boolean} coldStart
 * @property {boolean} autoClose
 * @property {number | null} ttl
 * @property {string[] | null} hosts  Of its own mongoURI
 * @property {Record<string, any>} shown  The options without secrets, for statistics
 */

/**
 * A pool on the wrapper's own servers.
 * @param {Record<string, any>} options
 * @param {string} path
 */
function onSharedServers(options, path) {
  const foreign = Object.keys(options).find((name) => BY_NAME.get(name)?.goes === 'identity');
  if (foreign !== undefined) {
    throw new PolyMongoError(
      `${path}${foreign} needs a mongoURI beside it: a pool without one uses the wrapper's servers and credentials`,
      { code: 'OPTION_INVALID', option: path + foreign },
    );
  }
  // The URI only stands for one here: nothing that it says about servers is used.
  const connection = parseConnection('mongodb://shared', options, {}, { sizes: SIZES });
  return { ...connection, uri: null, hosts: null };
}

/**
 * Reads the options of a dedicated pool.
 * @param {any} raw
 * @param {object} context
 * @param {number} context.sharedSize  `maxPoolSize` of the shared pool, the default of all others
 * @param {string} [context.path]
 * @param {boolean} [context.lenient]
 * @param {string[]} context.warnings
 * @returns {Pool}
 */
function readPool(raw, { sharedSize, path = '', lenient = false, warnings }) {
  const checked = checkOptions(POOL_OPTIONS, raw ?? {}, { path, lenient, warnings });
  const given = properNames(POOL_OPTIONS, checked);
  const { mongoURI, autoClose = false, ttl = null, coldStart = true, ...options } = given;
  const sized = { maxPoolSize: sharedSize };
  const connection =
    mongoURI === undefined
      ? onSharedServers({ ...sized, ...options }, path)
      : parseConnection(
          mongoURI,
          options,
          { ...CONNECTION_DEFAULTS, ...sized },
          { label: `${path}mongoURI`, lenient, sizes: SIZES },
        );
  warnings.push(...connection.warnings);
  if (autoClose && ttl === null)
    warnings.push(`${path}autoClose without a ttl never closes the pool; give ttl in milliseconds`);
  const { mongoURI: _secret, ...plain } = checked;
  return {
    config: { uri: connection.uri, ...connection.config, autoClose, ttl },
    inherited: inheritedOptions(connection),
    coldStart,
    autoClose,
    ttl,
    hosts: connection.hosts,
    shown: redactValue({ ...plain, autoClose, coldStart }),
  };
}

module.exports = { readPool };
