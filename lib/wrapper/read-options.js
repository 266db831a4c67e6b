'use strict';

const { PolyMongoError } = require('../error');
const { checkDatabaseName } = require('../protocol/database-name');
const { parseConnection } = require('../protocol/connection-string');
const { readNaming } = require('../tenants/naming');
const { checkIsObject, checkOptions, prefixed, properNames } = require('./check-options');
const { chooseDefaultDatabase } = require('./default-database');
const { CONNECTION_DEFAULTS, DEBUG_OPTIONS, WRAPPER_OPTIONS } = require('./options');
const { readPool } = require('./pool-options');

const PREFIX = 'Failed to initialize PolyMongoWrapper: ';
/** @param {string} message @param {string} option */
const invalid = (message, option) => new PolyMongoError(message, { code: 'OPTION_INVALID', option });

const POOL_KEYS = new Set(['dbName', 'mongoURI', 'options']);

/**
 * @typedef {object} Settings  What `createWrapper` was told, checked and complete. Only to build from: it holds credentials.
 * @property {Record<string, any>} options     The wrapper's own options with their defaults
 * @property {import('../protocol/connection-string').Connection} connection
 * @property {import('./default-database').DefaultDatabase} database
 * @property {{name: string, pool: import('./pool-options').Pool}[]} pools
 * @property {import('../services/logger').LogTargets} log
 * @property {string[]} warnings
 */

/** @param {any} debug @param {string | undefined} logPath @param {string[]} warnings @param {boolean} lenient */
function readLog(debug, logPath, warnings, lenient) {
  if (typeof debug === 'boolean') {
    const folder = logPath ?? (debug ? /** @type {string} */ (DEFAULTS.logPath) : undefined);
    return { debug, console: debug, folder, handler: undefined };
  }
  const given = checkOptions(DEBUG_OPTIONS, debug, { path: 'debug.', lenient, warnings });
  const on = given.log ?? false;
  return {
    debug: on,
    // A handler stands in for the console: it usually prints the lines itself.
    console: on && given.logHandler === undefined,
    folder: given.logPath ?? logPath,
    handler: given.logHandler,
  };
}

const DEFAULTS = Object.fromEntries(
  WRAPPER_OPTIONS.filter(({ kind }) => kind === 'own').flatMap((entry) =>
    entry.default === undefined ? [] : [[entry.name, entry.default]],
  ),
);

/**
 * @param {any[]} entries
 * @param {object} context
 * @param {(name: unknown) => string} context.checkName
 * @param {number} context.sharedSize
 * @param {boolean} context.lenient
 * @param {string[]} context.warnings
 */
function readPools(entries, { checkName, sharedSize, lenient, warnings }) {
  const seen = new Set();
  return entries.map((entry, index) => {
    const path = `dbSpecific[${index}]`;
    checkIsObject(entry, path);
    const unknown = Object.keys(entry).find((key) => !POOL_KEYS.has(key) && entry[key] !== undefined);
    if (unknown !== undefined) {
      throw new PolyMongoError(
        `unknown option "${path}.${unknown}"; an entry holds dbName, mongoURI and options`,
        { code: 'OPTION_UNKNOWN', option: `${path}.${unknown}` },
      );
    }
    if (entry.options !== undefined) checkIsObject(entry.options, `${path}.options`);
    const name = checkName(entry.dbName);
    if (seen.has(name)) {
      throw invalid(`dbSpecific names the database "${name}" twice`, `${path}.dbName`);
    }
    seen.add(name);
    const raw = entry.mongoURI === undefined ? entry.options : { ...entry.options, mongoURI: entry.mongoURI };
    const pool = readPool(raw, { sharedSize, path: `${path}.options.`, lenient, warnings });
    return { name, pool };
  });
}

/**
 * @param {any} raw  What the user gave to `createWrapper`
 * @returns {Settings}
 */
function readOptions(raw) {
  return prefixed(PREFIX, () => {
    checkIsObject(raw, 'options');
    if (!raw.mongoURI) throw invalid('mongoURI is required: is an environment variable unset?', 'mongoURI');
    /** @type {string[]} */
    const warnings = [];
    const lenient = raw.unknownOptions === 'warn' || raw.compat === '1.3';
    const given = properNames(WRAPPER_OPTIONS, checkOptions(WRAPPER_OPTIONS, raw, { lenient, warnings }));
    const { mongoURI, debug, logPath, dbSpecific, ...others } = { ...DEFAULTS, ...given };
    const sizes = { least: 'minFreeConnections', most: 'maxPoolSize' };
    const connection = parseConnection(mongoURI, given, CONNECTION_DEFAULTS, { lenient, sizes });
    warnings.push(...connection.warnings);
    const checkName = (name) => checkDatabaseName(name, others);
    const database = chooseDefaultDatabase(given, connection.database, checkName);
    warnings.push(...database.warnings);
    return {
      options: { ...others, databaseName: readNaming(others.databaseName) },
      connection,
      database,
      pools: readPools(dbSpecific ?? [], {
        checkName,
        sharedSize: connection.config.maxPoolSize,
        lenient,
        warnings,
      }),
      log: readLog(debug, given.logPath, warnings, lenient),
      warnings,
    };
  });
}

module.exports = { readOptions };
