'use strict';

/**
 * How options become parts of a command: a table from option name to a rule. Only keys that are in the table are read,
 * so what Mongoose and its users leave in an options object never reaches the server.
 * @typedef {(body: any, value: any, op: any) => void} Rule
 * @typedef {Record<string, Rule>} Rules
 */

/**
 * @param {...Rules} parts
 * @returns {Rules}
 */
function rules(...parts) {
  return Object.assign(Object.create(null), ...parts);
}

/**
 * @param {(value: any) => boolean} accepts
 * @param {string[]} names
 * @returns {Rules}
 */
function copying(accepts, names) {
  return Object.fromEntries(
    names.map((name) => [
      name,
      (/** @type {any} */ body, /** @type {any} */ value) => {
        if (accepts(value)) body[name] = value;
      },
    ]),
  );
}

/** @param {...string} names */
const booleans = (...names) => copying((value) => typeof value === 'boolean', names);

/** @param {...string} names */
const numbers = (...names) => copying((value) => typeof value === 'number', names);

/** @param {...string} names */
const objects = (...names) => copying((value) => typeof value === 'object' && value !== null, names);

/** @param {...string} names options of which only a truthy value says something */
const settings = (...names) => copying(Boolean, names);

/** @param {...string} names options of which every value counts, null as well */
const values = (...names) => copying(() => true, names);

module.exports = { rules, booleans, numbers, objects, settings, values };
