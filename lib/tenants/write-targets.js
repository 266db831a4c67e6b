'use strict';

const DIRECT = new Set(['insert', 'update', 'delete', 'findAndModify']);

/** @type {any[]} */
const NOTHING = [];

/**
 * What can be read of a command: all of it, or its first key and text where it is encoded already.
 * @param {any} body
 */
function readable(body) {
  if (!Buffer.isBuffer(body)) return body;
  const key = 5;
  const length = body.indexOf(0, key) + 1;
  const text = length + 4;
  return {
    [body.toString('utf8', key, length - 1)]: body.toString(
      'utf8',
      text,
      text + body.readInt32LE(length) - 1,
    ),
  };
}

/** @param {any} body a command: its first key is its name */
function commandName(body) {
  for (const name in body) return name;
  return '';
}

/**
 * The collections a command writes documents to, as `[database, collection]`.
 * @param {string} name of the command
 * @param {string} db
 * @param {any} body
 * @returns {[string, string][]}
 */
function writeTargets(name, db, body) {
  if (DIRECT.has(name)) return [[db, body[name]]];
  if (name === 'aggregate') return aggregateTargets(db, body.pipeline);
  return name === 'bulkWrite' ? bulkTargets(body) : NOTHING;
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
  return nsInfo.map(({ ns }) => {
    const { db, collection } = namespace(ns);
    return [db, collection];
  });
}

/**
 * What a command removes or puts something else in the place of: collections, or a whole database where none is named.
 * @param {string} name of the command
 * @param {string} db
 * @param {any} body
 * @returns {{db: string, collection?: string}[]}
 */
function removals(name, db, body) {
  if (name === 'dropDatabase') return [{ db }];
  if (name === 'drop' || name === 'dropIndexes') return [{ db, collection: body[name] }];
  return name === 'renameCollection' ? [namespace(body[name]), namespace(body.to)] : NOTHING;
}

/** @param {string} text */
function namespace(text) {
  const dot = text.indexOf('.');
  return { db: text.slice(0, dot), collection: text.slice(dot + 1) };
}

module.exports = { commandName, readable, removals, writeTargets };
