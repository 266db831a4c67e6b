'use strict';

/**
 * `{level}` as the server takes it, from a level or an object that has one.
 * @param {any} value
 * @returns {{level: string} | null}
 */
function readConcernOf(value) {
  const level = typeof value === 'string' ? value : value?.level;
  return typeof level === 'string' && level !== '' ? { level } : null;
}

/**
 * `{w, wtimeout, j}` as the server takes it, from a write concern in any of its spellings (`wtimeoutMS`, `journal`,
 * `fsync`), a bare `w`, or an instance of the official class.
 * @param {any} value
 * @returns {Record<string, any> | null} null when it says nothing
 */
function writeConcernOf(value) {
  if (value == null) return null;
  const given = typeof value === 'object' ? value : { w: value };
  /** @type {Record<string, any>} */
  const concern = {};
  if (given.w != null) concern.w = Number.isNaN(Number(given.w)) ? given.w : Number(given.w);
  const wtimeout = given.wtimeout ?? given.wtimeoutMS;
  if (wtimeout != null) concern.wtimeout = wtimeout;
  const j = given.fsync == null ? (given.j ?? given.journal) : Boolean(given.fsync);
  if (j != null) concern.j = j;
  return Object.keys(concern).length === 0 ? null : concern;
}

module.exports = { readConcernOf, writeConcernOf };
