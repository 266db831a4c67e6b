'use strict';

const DIRECT = new Set(['insert', 'update', 'delete', 'findAndModify']);

/** @type {[string, string][]} */
const NOTHING = [];

/**
 * The collections a command writes documents to, as `[database, collection]`.
 * @param {string} db
 * @param {any} body its first key names the command
 * @returns {[string, string][]}
 */
function writeTargets(db, body) {
  for (const name in body) {
    if (DIRECT.has(name)) return [[db, body[name]]];
    if (name === 'aggregate') return aggregateTargets(db, body.pipeline);
    return name === 'bulkWrite' ? bulkTargets(body) : NOTHING;
  }
  return NOTHING;
}

/**
 * @param {string} db
 * @param {any} pipeline
 * @returns {[string, string][]}
 */
function aggregateTargets(db, pipeline) {
  const last = Array.isArray(pipeline) ? pipeline.at(-1) : undefined;
  const target = last?.$out ?? last?.$merge?.into ?? last?.$merge;
  if (typeof target === 'string') return [[db, target]];
  return typeof target?.coll === 'string' ? [[target.db ?? db, target.coll]] : NOTHING;
}

/**
 * `bulkWrite` of the client names its collections in one list.
 * @param {any} body
 * @returns {[string, string][]}
 */
function bulkTargets({ nsInfo }) {
  return nsInfo.map(({ ns }) => [ns.slice(0, ns.indexOf('.')), ns.slice(ns.indexOf('.') + 1)]);
}

/**
 * What a command removes: `[database]`, or `[database, collection]`; null for every other command.
 * @param {string} db
 * @param {any} body
 * @returns {[string] | [string, string] | null}
 */
function removalTarget(db, body) {
  for (const name in body) {
    if (name === 'dropDatabase') return [db];
    if (name === 'drop' || name === 'dropIndexes') return [db, body[name]];
    if (name !== 'renameCollection') return null;
    const from = String(body[name]);
    return [from.slice(0, from.indexOf('.')), from.slice(from.indexOf('.') + 1)];
  }
  return null;
}

module.exports = { removalTarget, writeTargets };
