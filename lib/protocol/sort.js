'use strict';

/** @typedef {import('./codec').Codec} Codec */

const DIRECTIONS = new Map(
  Object.entries({ ascending: 1, asc: 1, 1: 1, descending: -1, desc: -1, '-1': -1 }),
);

/**
 * A sort in any of the forms the official driver takes, as an ordered map the server understands.
 * @param {Codec} codec
 * @param {any} sort
 * @param {any} [direction] for a bare field name
 * @returns {Map<string, any> | undefined}
 */
function formatSort(codec, sort, direction) {
  if (sort == null) return undefined;
  if (typeof sort === 'string') return new Map([[sort, directionOf(codec, direction)]]);
  if (typeof sort !== 'object') {
    throw new codec.mongo.MongoInvalidArgumentError(
      `Invalid sort format: ${JSON.stringify(sort)} Sort must be a valid object`,
    );
  }
  const entries = entriesOf(sort);
  if (entries.length === 0) return undefined;
  return new Map(entries.map(([field, value]) => [`${field}`, directionOf(codec, value)]));
}

/** @param {any} sort */
function entriesOf(sort) {
  if (sort instanceof Map) return [...sort];
  if (!Array.isArray(sort)) return Object.entries(sort);
  if (Array.isArray(sort[0])) return sort;
  if (sort.length === 2 && knownDirection(sort[1]) !== undefined) return [sort];
  return sort.map((field) => [field, 1]);
}

/** @param {any} direction */
function knownDirection(direction) {
  if (typeof direction === 'object' && typeof direction?.$meta === 'string') return direction;
  return DIRECTIONS.get(`${direction}`.toLowerCase());
}

/**
 * @param {Codec} codec
 * @param {any} direction
 */
function directionOf(codec, direction = 1) {
  const known = knownDirection(direction);
  if (known !== undefined) return known;
  throw new codec.mongo.MongoInvalidArgumentError(`Invalid sort direction: ${JSON.stringify(direction)}`);
}

module.exports = { formatSort };
