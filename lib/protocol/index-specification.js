'use strict';

/** Index options the server is told; the rest of the object is the command's, Mongoose's or a mistake. */
const INDEX_OPTIONS = new Set([
  'background',
  'unique',
  'name',
  'partialFilterExpression',
  'sparse',
  'hidden',
  'expireAfterSeconds',
  'storageEngine',
  'collation',
  'version',
  'weights',
  'default_language',
  'language_override',
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max',
  'bucketSize',
  'wildcardProjection',
]);

/** Spellings of the drivers and the server's. */
const RENAMED = new Map([
  ['version', 'v'],
  ['defaultLanguage', 'default_language'],
  ['languageOverride', 'language_override'],
]);

const SPECIAL_DIRECTIONS = new Set(['2d', '2dsphere', 'text', 'geoHaystack']);

/**
 * The ordered key of an index from any form the official driver takes: a field, a list of fields, pairs, objects or maps.
 * @param {any} specification
 * @returns {Map<string, any>}
 */
function indexKey(specification) {
  /** @type {Map<string, any>} */
  const key = new Map();
  const parts = Array.isArray(specification) && !isPair(specification) ? specification : [specification];
  for (const part of parts) {
    if (typeof part === 'string') key.set(part, 1);
    else if (Array.isArray(part)) key.set(part[0], part[1] ?? 1);
    else if (part instanceof Map) for (const [field, direction] of part) key.set(field, direction);
    else if (Object.prototype.toString.call(part) === '[object Object]') {
      for (const [field, direction] of Object.entries(part)) key.set(field, direction);
    }
  }
  return key;
}

/** @param {any[]} value */
function isPair(value) {
  return value.length === 2 && (typeof value[1] === 'number' || SPECIAL_DIRECTIONS.has(value[1]));
}

/**
 * One element of `createIndexes.indexes`.
 * @param {Map<string, any>} key
 * @param {any} options
 * @param {boolean} everything whether the object holds index options alone, so that all of them count
 */
function indexDescription(key, options, everything) {
  /** @type {Record<string, any>} */
  const description = {};
  for (const [name, value] of Object.entries(options ?? {})) {
    if (name === 'key' || !(everything || INDEX_OPTIONS.has(name))) continue;
    description[RENAMED.get(name) ?? name] = value;
  }
  description.name ??= [...key].flat().join('_');
  description.key = key;
  return description;
}

module.exports = { indexDescription, indexKey };
