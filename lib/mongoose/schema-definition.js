'use strict';

const { createHash } = require('node:crypto');

/** What makes up a schema; the rest Mongoose derives from it. */
const PARTS = [
  ...['paths', 'options', 'virtuals', 'methods', 'statics', 'query', 'callQueue', 'plugins'],
  ...['_indexes', '_searchIndexes', '_applyDiscriminators'],
];

/**
 * A short text that two schemas share when they were written the same: paths, options, indexes, hooks, methods. Functions
 * count by their source. To be taken before a model is compiled from the schema, which changes it.
 * @param {any} schema
 * @returns {string}
 */
function definitionOf(schema) {
  return createHash('sha256').update(textOfSchema(schema, new Set())).digest('base64');
}

/** @param {any} schema @param {Set<object>} around */
function textOfSchema(schema, around) {
  const { _pres: before, _posts: after } = schema.s.hooks;
  const parts = PARTS.map((name) => `${name}=${text(schema[name], around)}`);
  return `Schema(${parts.join()},before=${text(before, around)},after=${text(after, around)})`;
}

/**
 * @param {any} value
 * @param {Set<object>} around the objects it lies in, which it may lead back to
 * @returns {string}
 */
function text(value, around) {
  if (typeof value === 'function') {
    return typeof value.modelName === 'string' ? `model ${value.modelName}` : value.toString();
  }
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? JSON.stringify(value) : `${typeof value} ${String(value)}`;
  }
  if (around.has(value)) return '…';
  const inside = new Set(around).add(value);
  if (value.instanceOfSchema) return textOfSchema(value, inside);
  if (value instanceof RegExp || value._bsontype !== undefined) return String(value);
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (Array.isArray(value)) return `[${value.map((each) => text(each, inside)).join()}]`;
  const entries = value instanceof Map || value instanceof Set ? [...value.entries()] : ownEntries(value);
  return `{${entries.map(([key, each]) => `${text(key, inside)}:${text(each, inside)}`).join()}}`;
}

/** What makes up a path. */
const OF_PATH = ['instance', 'options', 'defaultValue', 'validators', 'getters', 'setters'];

/** @param {any} object */
function ownEntries(object) {
  const isPath = typeof object.instance === 'string' && object.options;
  return isPath ? OF_PATH.map((name) => [name, object[name]]) : Object.entries(object);
}

exports.definitionOf = definitionOf;
