'use strict';

const { PolyMongoError } = require('../error');
const { nearestName } = require('../protocol/nearest-name');
const { problemOf, received } = require('../protocol/option-values');

/** @typedef {import('../protocol/option-values').OptionEntry} OptionEntry */

/**
 * @typedef {object} CheckSettings
 * @property {string} [path]      Before the names in messages: `debug.`, `dbSpecific[0].options.`
 * @property {boolean} [lenient]  Unknown names only warn
 * @property {string[]} warnings
 */

/** @type {WeakMap<OptionEntry[], Map<string, OptionEntry>>} */
const indexes = new WeakMap();

/** @param {OptionEntry[]} table */
function indexOf(table) {
  let index = indexes.get(table);
  if (!index) {
    index = new Map(table.map((entry) => [entry.name, entry]));
    indexes.set(table, index);
  }
  return index;
}

/**
 * Checks an options object against its table. Only own properties count, so that a polluted prototype switches nothing;
 * `undefined` is the same as absent.
 * @param {OptionEntry[]} table
 * @param {any} options
 * @param {CheckSettings} settings
 * @returns {Record<string, any>}  The given options, by the names given
 */
function checkOptions(table, options, { path = '', lenient = false, warnings }) {
  const index = indexOf(table);
  /** @type {Record<string, any>} */
  const given = {};
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (value === undefined) continue;
    const entry = index.get(name);
    if (!entry) {
      const near = nearestName(name, index.keys());
      const message = `unknown option "${path}${name}"${near ? `; did you mean "${near}"?` : ''}`;
      if (!lenient) throw new PolyMongoError(message, { code: 'OPTION_UNKNOWN', option: path + name });
      warnings.push(message);
      continue;
    }
    if (entry.kind === 'leftover') {
      warnings.push(`${path}${name} has no effect here and may be removed`);
      continue;
    }
    const problem =
      entry.kind === 'refused'
        ? `${path}${name} cannot be honoured: ${entry.reason}`
        : problemOf(entry, value, path + name);
    if (problem) throw new PolyMongoError(problem, { code: 'OPTION_INVALID', option: path + name });
    given[name] = value;
  }
  return given;
}

/**
 * Gives every option its proper name; two names for one thing must agree.
 * @param {OptionEntry[]} table
 * @param {Record<string, any>} given
 */
function properNames(table, given) {
  const index = indexOf(table);
  /** @type {Record<string, any>} */
  const values = {};
  /** @type {Record<string, string>} */
  const sources = {};
  for (const [name, value] of Object.entries(given)) {
    const proper = index.get(name)?.alias ?? name;
    if (proper in values && values[proper] !== value) {
      throw new PolyMongoError(
        `${sources[proper]} and ${name} mean the same and are given with different values; remove one of them`,
        { code: 'OPTION_INVALID', option: name },
      );
    }
    values[proper] = value;
    sources[proper] = name;
  }
  return values;
}

/**
 * Says in front of an error of ours what could not be done.
 * @template T
 * @param {string} prefix @param {() => T} read
 * @returns {T}
 */
function prefixed(prefix, read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PolyMongoError) || error.message.startsWith(prefix)) throw error;
    throw new PolyMongoError(prefix + error.message, { ...error, code: error.code });
  }
}

/** @param {any} value @param {string} what */
function checkIsObject(value, what) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PolyMongoError(`${what} must be an object${received(value)}`, {
      code: 'OPTION_INVALID',
      option: what,
    });
  }
}

/**
 * The options of one method, with their defaults.
 * @param {OptionEntry[]} table
 * @param {any} options
 * @param {string} method
 * @returns {Record<string, any>}
 */
function readOwn(table, options, method) {
  const defaults = Object.fromEntries(table.map((entry) => [entry.name, entry.default]));
  if (options === undefined) return defaults;
  checkIsObject(options, `the options of ${method}()`);
  return { ...defaults, ...checkOptions(table, options, { path: `${method}.`, warnings: [] }) };
}

module.exports = { checkIsObject, checkOptions, prefixed, properNames, readOwn };
