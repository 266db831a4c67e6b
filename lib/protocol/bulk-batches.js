'use strict';

/** @typedef {import('./bulk-outcome').Batch} Batch */

const MAX_STATEMENTS = 100_000;

/**
 * Batches of at most as many statements as a server takes.
 * @param {Batch} batch
 * @returns {Generator<Batch>}
 */
function* splitByCount(batch) {
  const { length } = batch.statements;
  if (length <= MAX_STATEMENTS) yield batch;
  else
    for (let from = 0; from < length; from += MAX_STATEMENTS) yield part(batch, from, from + MAX_STATEMENTS);
}

/**
 * @param {Batch} batch
 * @param {number} from
 * @param {number} to
 * @returns {Batch}
 */
function part(batch, from, to) {
  const { type, statements, indexOf } = batch;
  return { type, statements: statements.slice(from, to), indexOf: (position) => indexOf(from + position) };
}

/**
 * Whether sending a batch again writes nothing twice, because the server can number its statements.
 * @param {Batch} batch
 */
function isRetryable({ type, statements }) {
  if (type === 'update') return !statements.some((statement) => statement.multi);
  if (type === 'delete') return !statements.some((statement) => statement.limit === 0);
  return true;
}

module.exports = { isRetryable, part, splitByCount };
