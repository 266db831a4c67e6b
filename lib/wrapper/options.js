'use strict';

const { constants } = require('node:os');
const { CONNECTION_OPTIONS } = require('../protocol/connection-options');
const { problemOfNaming } = require('../tenants/naming');

/** @typedef {import('../protocol/option-values').OptionEntry} OptionEntry */

const CATCHABLE = Object.keys(constants.signals).filter((name) => name !== 'SIGKILL' && name !== 'SIGSTOP');

/** @param {any} value */
function checkSignals(value) {
  if (typeof value === 'boolean') return null;
  return Array.isArray(value) && value.every((name) => CATCHABLE.includes(name))
    ? null
    : 'must be a boolean or an array of signal names such as "SIGTERM"';
}

/** @param {any} value */
function checkDebug(value) {
  return typeof value === 'boolean' || (typeof value === 'object' && !Array.isArray(value))
    ? null
    : 'must be a boolean or an object';
}

/** @param {any} value */
function checkAllowed(value) {
  return typeof value === 'function' || value instanceof RegExp
    ? null
    : 'must be a RegExp or a function (name) => boolean';
}

/** @param {any} value */
const checkArray = (value) => (Array.isArray(value) ? null : 'must be an array');

/** @param {any} value */
const checkOutcome = (value) => (value === 'warn' || value === 'error' ? null : 'must be "warn" or "error"');

/** @param {string} name @param {string} type @param {Partial<OptionEntry>} [more] @returns {OptionEntry} */
const own = (name, type, more) => ({ name, kind: 'own', type, ...more });

/**
 * Every option of `createWrapper`: the one source of the checks, and of what the typings and the documentation list.
 * @type {OptionEntry[]}
 */
const WRAPPER_OPTIONS = [
  own('mongoURI', 'string', { secret: true }),
  own('defaultDB', 'string'),
  own('defaultSB', 'string', { alias: 'defaultDB' }),
  own('preferURI', 'boolean'),
  own('compat', 'enum', { values: ['1.3'] }),
  own('minFreeConnections', 'amount', { alias: 'minPoolSize' }),
  own('idleTimeoutMS', 'duration', { alias: 'maxIdleTimeMS' }),
  own('coldStart', 'boolean', { default: true }),
  own('debug', 'custom', { check: checkDebug, default: false }),
  own('logPath', 'string', { default: './logs/Polymongo' }),
  own('retry', 'duration'),
  own('dbSpecific', 'custom', { check: checkArray }),
  own('autoIndex', 'boolean'),
  own('autoCreate', 'boolean'),
  own('allowDatabase', 'custom', { check: checkAllowed }),
  own('allowSystemDatabases', 'boolean', { default: false }),
  own('databaseName', 'custom', { check: problemOfNaming }),
  own('nameRules', 'enum', { values: ['portable', 'server'], default: 'portable' }),
  own('maxCachedDatabases', 'count', { default: 10_000 }),
  own('requireTenant', 'boolean', { default: false }),
  own('handleSignals', 'custom', { check: checkSignals, default: true }),
  own('sharePool', 'boolean', { default: true }),
  own('implicitSession', 'boolean', { default: false }),
  own('sanitizeFilter', 'boolean'),
  own('maxTimeMS', 'amount'),
  own('slowMS', 'amount'),
  own('unknownOptions', 'custom', { check: checkOutcome, default: 'error' }),
  { name: 'dbName', kind: 'refused', reason: 'the default database is named by defaultDB' },
  ...CONNECTION_OPTIONS,
];

/** Parts of the option `debug`. @type {OptionEntry[]} */
const DEBUG_OPTIONS = [own('log', 'boolean'), own('logPath', 'string'), own('logHandler', 'function')];

/** Options of a dedicated pool: `scale.setDB`, `scale.connectDB`, `dbSpecific`. @type {OptionEntry[]} */
const POOL_OPTIONS = [
  own('mongoURI', 'string', { secret: true }),
  own('maxConnections', 'count', { alias: 'maxPoolSize' }),
  own('minConnections', 'amount', { alias: 'minPoolSize' }),
  own('minFreeConnections', 'amount', { alias: 'minPoolSize' }),
  own('idleTimeoutMS', 'duration', { alias: 'maxIdleTimeMS' }),
  own('autoClose', 'boolean', { default: false }),
  own('ttl', 'duration'),
  own('coldStart', 'boolean', { default: true }),
  ...CONNECTION_OPTIONS,
];

/**
 * Ours, used where neither the options nor the URI say anything. The crate's own limits in time (10 s each) let a server
 * that fell silent stall every caller for as long as it is silent; these notice it within 3.5 s. With two sockets at a
 * time (its own `maxConnecting`) a pool that was cleared may be cleared again before anybody got through.
 */
const CONNECTION_DEFAULTS = {
  maxPoolSize: 10,
  maxConnecting: 8,
  connectTimeoutMS: 2000,
  heartbeatFrequencyMS: 1000,
};

module.exports = { CONNECTION_DEFAULTS, DEBUG_OPTIONS, POOL_OPTIONS, WRAPPER_OPTIONS };
