'use strict';

/** @typedef {import('./engine').Op} Op */

/** Flags of an operation, as `src/bridge/arguments.rs` reads them. */
const READ = 1;
const WRITE = 2;
const PACKED = 4;
const COUNTS = 128;
const VALUE = 256;

/** How documents are written as JSON. */
const JSON_FLAGS = Object.freeze({ one: 8, items: 8, lines: 16, array: 32, highFirst: 64 });

/**
 * Documents come packed, or as JSON, unless options of the caller's change how they are read.
 * @param {Op} op
 */
function flagsOf({ read, write, bson, json, shown }) {
  const form = bson == null ? json?.flags || PACKED | (shown ?? 0) : 0;
  return (read ? READ : 0) | (write ? WRITE : 0) | form;
}

/**
 * The rare settings as JSON; null when there are none, which is the rule. A time of 0 is no limit.
 * @param {Partial<Op> | undefined} op
 */
function settingsOf(op) {
  if (
    op == null ||
    !(op.timeoutMS || op.maxAwaitTimeMS || op.readPreference || op.getMoreOptions || op.gather)
  )
    return null;
  return JSON.stringify({
    readPreference: op.readPreference ?? null,
    timeoutMS: op.timeoutMS || null,
    maxAwaitTimeMS: op.maxAwaitTimeMS || null,
    gather: op.gather || undefined,
    further: op.getMoreOptions == null ? undefined : furtherOf(op.codec, op.getMoreOptions),
  });
}

/**
 * @param {any} codec
 * @param {import('./engine').GetMoreOptions} options
 */
function furtherOf({ BSON }, { batchSize, comment, maxAwaitTimeMS }) {
  const further = { batchSize, maxTimeMS: maxAwaitTimeMS };
  if (comment === undefined) return further;
  // A value of any type, in a notation that keeps it.
  return { ...further, comment: BSON.EJSON.stringify({ comment }, { relaxed: false }) };
}

module.exports = { COUNTS, JSON_FLAGS, VALUE, flagsOf, settingsOf };
