'use strict';

const { isDeepStrictEqual } = require('node:util');
const { PolyMongoError } = require('../error');
const { concernsOf } = require('./connection-concerns');
const { BY_LOWER_CASE, BY_NAME, CONNECTION_OPTIONS } = require('./connection-options');
const { nearestName } = require('./nearest-name');
const { problemOf } = require('./option-values');
const { splitUri } = require('./split-uri');

/**
 * @typedef {object} Connection  What a connection string and the explicit options say together.
 * @property {string} uri            For the engine: credentials, hosts, database and what identifies the deployment.
 * @property {Record<string, any>} config   For the engine (EngineConfig): how to behave towards it.
 * @property {import('./connection-concerns').ReadPreference | null} readPreference
 * @property {{level: string} | null} readConcern
 * @property {Record<string, any> | null} writeConcern
 * @property {Record<string, boolean>} bson  Serialisation defaults of the driver layer.
 * @property {string | null} database  The database that the URI names; `admin`, `config` and `local` only say where to authenticate.
 * @property {string | null} authSource
 * @property {string[]} hosts
 * @property {boolean} srv
 * @property {string[]} warnings
 */

const NOT_A_HOME = new Set(['admin', 'config', 'local']);
const SECURITY = /^(?:tls|ssl|auth)/;
const INSECURE = ['tlsInsecure', 'tlsAllowInvalidCertificates'];

/** @param {string} message @param {string} code @param {string} option */
const refusal = (message, code, option) => new PolyMongoError(message, { code, option });

/** @param {string} text @param {string} separator */
const pairsOf = (text, separator) =>
  text
    .split(separator)
    .filter(Boolean)
    .map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]);

/**
 * The value of a URI parameter in the type of its option; what cannot be read stays a text and fails the check.
 * @param {import('./option-values').OptionEntry} entry
 * @param {string[]} texts
 */
function typed(entry, texts) {
  const text = texts[0];
  if (entry.name === 'readPreferenceTags') return texts.map((tags) => Object.fromEntries(pairsOf(tags, ',')));
  if (entry.name === 'authMechanismProperties') return Object.fromEntries(pairsOf(text, ','));
  if (entry.name === 'authMechanism') return text.toUpperCase();
  if (entry.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (entry.type === 'enum') {
    return entry.values?.find((value) => value.toLowerCase() === text.toLowerCase()) ?? text;
  }
  if (entry.type === 'string' || entry.name === 'readPreference' || entry.name === 'compressors') return text;
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/**
 * The options a connection string carries, by their proper names.
 * @param {[string, string][]} parameters
 * @param {{label: string, lenient: boolean, warnings: string[]}} context
 */
function readParameters(parameters, { label, lenient, warnings }) {
  /** @type {Map<string, string[]>} */
  const texts = new Map();
  for (const [name, text] of parameters) {
    const entry = BY_LOWER_CASE.get(name.toLowerCase());
    if (entry?.kind === 'refused')
      throw refusal(
        `${entry.name} in ${label} cannot be honoured: ${entry.reason}`,
        'OPTION_INVALID',
        entry.name,
      );
    if (!entry?.uri) {
      // Only a plain word is repeated: anything else may be a piece of an unescaped password.
      const plain = /^[a-z]{1,40}$/i.test(name);
      const shown = plain ? ` "${name}"` : '';
      const near = nearestName(
        name,
        CONNECTION_OPTIONS.filter((known) => known.uri).map((known) => known.name),
      );
      const message = `${label} holds the unknown option${shown}${near ? `; did you mean "${near}"?` : ''}`;
      if (!lenient) throw refusal(message, 'OPTION_UNKNOWN', plain ? name : '');
      warnings.push(message);
      continue;
    }
    if (entry.kind === 'leftover') {
      warnings.push(`${entry.name} in ${label} has no effect here and may be removed`);
      continue;
    }
    const proper = entry.alias ?? entry.name;
    const earlier = texts.get(proper);
    if (!earlier) texts.set(proper, [text]);
    else if (proper === 'readPreferenceTags') earlier.push(text);
    else if (earlier[0] !== text)
      throw refusal(`${label} holds ${proper} twice with different values`, 'URI_INVALID', proper);
  }
  /** @type {Record<string, any>} */
  const values = {};
  for (const [name, given] of texts) {
    const entry = /** @type {import('./option-values').OptionEntry} */ (BY_NAME.get(name));
    const value = typed(entry, given);
    const problem = problemOf(entry, value, `${name} in ${label}`);
    if (problem) throw refusal(problem, 'URI_INVALID', name);
    values[name] = value;
  }
  return values;
}

/**
 * Explicit options win over the URI: with a warning where they differ, and never silently where security is concerned.
 * @param {Record<string, any>} fromUri
 * @param {Record<string, any>} explicit
 * @param {string} label
 * @param {string[]} warnings
 */
function merge(fromUri, explicit, label, warnings) {
  const merged = { ...fromUri };
  for (const [name, value] of Object.entries(explicit)) {
    if (name in fromUri && !isDeepStrictEqual(fromUri[name], value)) {
      if (SECURITY.test(name)) {
        throw refusal(
          `${name} is given twice with different values, as an option and in ${label}; remove one of them`,
          'OPTION_INVALID',
          name,
        );
      }
      warnings.push(`${name} is given as an option and in ${label} with different values; the option wins`);
    }
    merged[name] = value;
  }
  return merged;
}

/**
 * @param {Record<string, any>} given
 * @param {import('./split-uri').UriParts} parts
 * @param {string} label
 * @param {{least: string, most: string}} sizes  How the sizes of the pool are called
 */
function checkTogether(given, parts, label, { least, most }) {
  const several = parts.hosts.length > 1;
  /** @type {[boolean, string][]} */
  const rules = [
    [
      given.directConnection && (several || parts.srv),
      `directConnection needs one host in a mongodb:// ${label}`,
    ],
    [given.loadBalanced && several, `loadBalanced needs one host in ${label}`],
    [given.loadBalanced && given.replicaSet !== undefined, 'loadBalanced and replicaSet exclude each other'],
    [given.loadBalanced && given.directConnection, 'loadBalanced and directConnection exclude each other'],
    [given.srvMaxHosts && given.replicaSet !== undefined, 'srvMaxHosts and replicaSet exclude each other'],
    [given.srvMaxHosts && given.loadBalanced, 'srvMaxHosts and loadBalanced exclude each other'],
    [
      !parts.srv && (given.srvMaxHosts !== undefined || given.srvServiceName !== undefined),
      `srvMaxHosts and srvServiceName need a mongodb+srv:// ${label}`,
    ],
    [
      given.tls === false &&
        Object.keys(given).some((name) => name.startsWith('tls') && name !== 'tls' && given[name] !== false),
      'tls: false excludes every other tls option',
    ],
    [
      given.tlsInsecure !== undefined && given.tlsAllowInvalidCertificates !== undefined,
      'tlsInsecure and tlsAllowInvalidCertificates exclude each other',
    ],
    [
      given.minPoolSize !== undefined && given.minPoolSize > given.maxPoolSize,
      `${least} cannot be greater than ${most} (${given.maxPoolSize})`,
    ],
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken) throw new PolyMongoError(broken[1], { code: 'OPTION_INVALID' });
}

/**
 * @param {Record<string, any>} given
 * @param {import('./split-uri').UriParts} parts
 * @param {string} label
 */
function credentialsOf(given, parts, label) {
  const username = given.auth?.username ?? given.user;
  const password = given.auth?.password ?? given.pass;
  if (username === undefined && password !== undefined)
    throw refusal('pass needs a user beside it', 'OPTION_INVALID', 'pass');
  if (username === undefined) return parts.credentials;
  const explicit = {
    username: encodeURIComponent(username),
    password: password === undefined ? null : encodeURIComponent(password),
  };
  const own = parts.credentials;
  const plain = (text) => (text === null ? null : decodeURIComponent(text));
  if (own && (plain(own.username) !== username || plain(own.password) !== (password ?? null))) {
    throw refusal(
      `credentials are given twice with different values, as options and in ${label}; remove one of them`,
      'OPTION_INVALID',
      'auth',
    );
  }
  return explicit;
}

/** @param {string} name @param {any} value */
function written(name, value) {
  const text =
    name === 'authMechanismProperties'
      ? Object.entries(value)
          .map(([key, part]) => `${key}:${part}`)
          .join(',')
      : String(value);
  return `${name}=${encodeURIComponent(text)}`;
}

/**
 * @param {import('./split-uri').UriParts} parts
 * @param {{username: string, password: string | null} | null} credentials
 * @param {Record<string, any>} given
 */
function cleanUri(parts, credentials, given) {
  const user = credentials
    ? `${credentials.username}${credentials.password === null ? '' : `:${credentials.password}`}@`
    : '';
  const options = CONNECTION_OPTIONS.filter(
    ({ name, goes, alias, uri }) => goes === 'identity' && !alias && uri && given[name] !== undefined,
  ).map(({ name }) => written(name, given[name]));
  const database = encodeURIComponent(parts.database ?? '');
  const query = options.length === 0 ? '' : `?${options.join('&')}`;
  return `mongodb${parts.srv ? '+srv' : ''}://${user}${parts.hosts.join(',')}/${database}${query}`;
}

/** @param {Record<string, any>} given */
function engineConfig(given) {
  const { compressors, serverApi, ...others } = Object.fromEntries(
    CONNECTION_OPTIONS.filter(({ name, goes }) => goes === 'config' && given[name] !== undefined).map(
      ({ name }) => [name, given[name]],
    ),
  );
  const names = (typeof compressors === 'string' ? compressors.split(',') : (compressors ?? [])).filter(
    (name) => name !== 'none',
  );
  return {
    ...others,
    ...(names.length === 0 ? {} : { compressors: names }),
    ...(serverApi === undefined
      ? {}
      : { serverApi: typeof serverApi === 'string' ? { version: serverApi } : serverApi }),
  };
}

/** @param {Record<string, any>} options  The explicit ones, checked; other names of an option become its proper name. */
function proper(options) {
  /** @type {Record<string, any>} */
  const values = {};
  for (const [name, value] of Object.entries(options)) {
    const entry = BY_NAME.get(name);
    if (entry?.kind !== 'driver' || value === undefined) continue;
    const target = entry.alias ?? name;
    if (target in values && values[target] !== value)
      throw refusal(`${target} and its other name are given with different values`, 'OPTION_INVALID', target);
    values[target] = value;
  }
  return values;
}

/**
 * Reads a connection string together with explicit options.
 * @param {unknown} uri
 * @param {Record<string, any>} [options]   Explicit connection options, already checked one by one
 * @param {Record<string, any>} [defaults]  Ours: used where neither the options nor the URI say anything
 * @param {{label?: string, lenient?: boolean, sizes?: {least: string, most: string}}} [settings]
 *   lenient: unknown names in the URI only warn
 * @returns {Connection}
 */
function parseConnection(uri, options = {}, defaults = {}, settings = {}) {
  const { label = 'mongoURI', lenient = false } = settings;
  /** @type {string[]} */
  const warnings = [];
  const parts = splitUri(uri, label);
  const fromUri = readParameters(parts.parameters, { label, lenient, warnings });
  const given = { ...defaults, ...merge(fromUri, proper(options), label, warnings) };
  checkTogether(given, parts, label, settings.sizes ?? { least: 'minPoolSize', most: 'maxPoolSize' });
  const credentials = credentialsOf(given, parts, label);
  for (const name of INSECURE.filter((insecure) => given[insecure] === true))
    warnings.push(
      `${name} is on: the identity of the server is not checked, so the connection can be intercepted`,
    );
  return {
    uri: cleanUri(parts, credentials, given),
    config: engineConfig(given),
    ...concernsOf(given),
    bson: Object.fromEntries(
      CONNECTION_OPTIONS.filter(({ name, goes }) => goes === 'bson' && given[name] !== undefined).map(
        ({ name }) => [name, given[name]],
      ),
    ),
    database: parts.database !== null && !NOT_A_HOME.has(parts.database) ? parts.database : null,
    authSource: given.authSource ?? (credentials ? (parts.database ?? 'admin') : null),
    hosts: parts.hosts,
    srv: parts.srv,
    warnings,
  };
}

/**
 * What operations inherit from a connection.
 * @param {Pick<Connection, 'config' | 'readPreference' | 'readConcern' | 'writeConcern' | 'bson'>} connection
 */
function inheritedOptions({ config, readPreference, readConcern, writeConcern, bson }) {
  const given = { readPreference, readConcern, writeConcern, timeoutMS: config.timeoutMS, ...bson };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value != null));
}

module.exports = { inheritedOptions, parseConnection };
