'use strict';

/** @typedef {import('./codec').Codec} Codec */
/** @typedef {import('./bulk-outcome').Batch} Batch */

const MAX_STATEMENTS = 100_000;
const MAX_DOCUMENT_SIZE = 16 * 1024 * 1024;

/** For the command around the statements. */
const ROOM = 16 * 1024;

/** An element of a BSON array: its type, its index as text, a terminator. */
const ELEMENT_OVERHEAD = 1 + '99999'.length + 1;

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
 * Batches that fit into a message, by the real sizes of their statements. Measuring costs about as much as serialising, so
 * it is done only for a batch that proved too large.
 * @param {Codec} codec
 * @param {Batch} batch
 * @param {any} bson the BSON options in force
 * @returns {Batch[]}
 */
function splitBySize(codec, batch, bson) {
  const sizing = {
    ignoreUndefined: bson?.ignoreUndefined ?? false,
    serializeFunctions: bson?.serializeFunctions ?? false,
  };
  const parts = [];
  let from = 0;
  let size = 0;
  batch.statements.forEach((statement, position) => {
    const added = codec.BSON.calculateObjectSize(statement, sizing);
    if (added > MAX_DOCUMENT_SIZE) {
      throw new codec.mongo.MongoInvalidArgumentError(
        `Document is larger than the maximum size ${MAX_DOCUMENT_SIZE}`,
      );
    }
    if (position > from && size + added + ELEMENT_OVERHEAD > MAX_DOCUMENT_SIZE - ROOM) {
      parts.push(part(batch, from, position));
      from = position;
      size = 0;
    }
    size += added + ELEMENT_OVERHEAD;
  });
  parts.push(part(batch, from, batch.statements.length));
  return parts;
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

module.exports = { isRetryable, splitByCount, splitBySize };
