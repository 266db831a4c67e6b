'use strict';

/**
 * How one option is described. The tables made of these drive validation, and the documentation is checked against them.
 *
 * @typedef {object} OptionEntry
 * @property {string} name
 * @property {'own' | 'driver' | 'leftover' | 'refused'} kind  own: the wrapper's. driver: the connection's. leftover: harmless,
 *   accepted with one warning. refused: known, but impossible here.
 * @property {string} [type]           A key of `TYPES`; leftover and refused entries have none.
 * @property {string[]} [values]       For the type `enum`.
 * @property {(value: any) => string | null} [check]  For the type `custom`: what is wrong, as the end of a sentence.
 * @property {unknown} [default]
 * @property {string} [reason]         Why it is refused, and what to do instead.
 * @property {boolean} [secret]        Its value is never shown.
 * @property {string} [alias]          The option it is another name of.
 * @property {'config' | 'identity' | 'concern' | 'bson'} [goes]  Where a connection option ends up.
 * @property {boolean} [uri]           May stand in a connection string.
 * @property {boolean} [uriOnly]       May stand nowhere else.
 */

const isWhole = (value, least) => Number.isSafeInteger(value) && value >= least;

/** What each type accepts, as the end of the sentence "<name> …". */
const TYPES = {
  string: { accepts: (value) => typeof value === 'string' && value !== '', says: 'must be a string' },
  boolean: { accepts: (value) => typeof value === 'boolean', says: 'must be a boolean' },
  count: { accepts: (value) => isWhole(value, 1), says: 'must be a positive number' },
  amount: { accepts: (value) => isWhole(value, 0), says: 'must be a non-negative number' },
  duration: { accepts: (value) => isWhole(value, 0), says: 'must be a non-negative number' },
  function: { accepts: (value) => typeof value === 'function', says: 'must be a function' },
  object: {
    accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    says: 'must be an object',
  },
};

/** @param {unknown} value @param {boolean | undefined} secret */
function describe(value, secret) {
  if (value === null || value === undefined) return String(value);
  if (value === '') return 'an empty string';
  if (typeof value === 'number' && Number.isNaN(value)) return 'NaN';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol' || secret) {
    return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  }
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  return `${String(value)} (a ${typeof value})`;
}

const fromEnvironment = (value) => value === null || value === '' || Number.isNaN(value);

/**
 * The second half of a message: what was received, and the usual reason for it.
 * @param {unknown} value
 * @param {boolean} [secret]
 */
function received(value, secret) {
  const hint = fromEnvironment(value) ? ': is an environment variable unset?' : '';
  return `; received ${describe(value, secret)}${hint}`;
}

/**
 * What is wrong with a value, or null.
 * @param {OptionEntry} entry
 * @param {unknown} value
 * @param {string} [label]  How the option is named in the message
 * @returns {string | null}
 */
function problemOf(entry, value, label = entry.name) {
  if (entry.type === 'custom') {
    const wrong = fromEnvironment(value) ? 'must not be empty' : /** @type {Function} */ (entry.check)(value);
    return wrong === null ? null : `${label} ${wrong}${received(value, entry.secret)}`;
  }
  if (entry.type === 'enum') {
    const values = /** @type {string[]} */ (entry.values);
    if (values.includes(/** @type {string} */ (value))) return null;
    return `${label} must be ${values.map((name) => JSON.stringify(name)).join(' or ')}${received(value, entry.secret)}`;
  }
  const { accepts, says } = TYPES[/** @type {keyof typeof TYPES} */ (entry.type)];
  if (accepts(value)) return null;
  // The usual texts do not say it, and who passes a fraction needs to know.
  const whole =
    typeof value === 'number' && value > 0 && !Number.isInteger(value) ? ' without a fraction' : '';
  return `${label} ${says}${whole}${received(value, entry.secret)}`;
}

module.exports = { problemOf, received };
