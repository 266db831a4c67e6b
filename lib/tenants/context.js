'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');

/**
 * What holds for the code that runs inside one `run()`. Frames of several wrappers may lie inside each other.
 *
 * @typedef {object} Frame
 * @property {object} owner          the wrapper's tenant layer
 * @property {string | null} [db]    null where none may be meant, not even the default one
 * @property {any} [session]
 * @property {number} [timeoutMS]
 * @property {Set<string>} [preparing]  collections whose first write this code belongs to
 * @property {Set<string>} [created]   takes the collections that the server says were made by this code
 * @property {Error[]} [refusals]    takes the models that could not be had by their names
 * @property {Frame} [outer]
 */

/** One store for all wrappers: each further one would cost every promise of the process. */
const storage = /** @type {AsyncLocalStorage<Frame | undefined>} */ (new AsyncLocalStorage());

/**
 * The innermost frame of one wrapper.
 * @param {object} owner
 * @returns {Frame | undefined}
 */
function frameOf(owner) {
  let frame = storage.getStore();
  while (frame !== undefined && frame.owner !== owner) frame = frame.outer;
  return frame;
}

/**
 * Runs `fn` in a frame that adds to the one around it.
 * @template T
 * @param {object} owner
 * @param {Omit<Frame, 'owner' | 'outer'>} values
 * @param {() => T} fn
 * @returns {T}
 */
function runIn(owner, values, fn) {
  return storage.run({ ...frameOf(owner), ...values, owner, outer: storage.getStore() }, fn);
}

/**
 * What holds for a request: its tenant alone, or that none may be meant, and nothing of what was around the server.
 * @param {{databaseName: string} | null} tenant
 */
function requestFrame(tenant) {
  const nothing = { session: undefined, timeoutMS: undefined, preparing: undefined, refusals: undefined };
  return { ...nothing, db: tenant === null ? null : tenant.databaseName };
}

/** Everything that holds for the running code, of all wrappers. */
function currentStore() {
  return storage.getStore();
}

/**
 * @template T
 * @param {Frame | undefined} store
 * @param {() => T} fn
 * @returns {T}
 */
function runWith(store, fn) {
  return storage.run(store, fn);
}

module.exports = { currentStore, frameOf, requestFrame, runIn, runWith };
