'use strict';

const { setTimeout: sleep } = require('node:timers/promises');

const LIMIT_MS = 120_000;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;
const PAUSE_GROWTH = 1.5;
const MAX_TIME_EXPIRED = 50;

const TRANSIENT = 'TransientTransactionError';
const UNKNOWN_COMMIT = 'UnknownTransactionCommitResult';

/**
 * The loop of the convenient transactions specification: the whole function again on a transient error, the commit alone
 * while its outcome is unknown, both for two minutes at most.
 * @param {any} session
 * @param {(session: any) => Promise<any>} fn
 * @param {any} [options]
 */
async function runTransaction(session, fn, options) {
  const deadline = performance.now() + (options?.timeoutMS ?? LIMIT_MS);
  for (let attempt = 1; ; attempt++) {
    session.startTransaction(options);
    const outcome = await callInTransaction(session, fn, deadline);
    if (outcome.done) return outcome.value;
    const failure = outcome.failure ?? (await commit(session, deadline));
    if (failure === null) return outcome.value;
    await pause(attempt, deadline, failure);
  }
}

/**
 * @param {any} session
 * @param {(session: any) => Promise<any>} fn
 * @param {number} deadline
 * @returns {Promise<{done: boolean, value?: any, failure?: any}>} `failure` is one that a new attempt may mend
 */
async function callInTransaction(session, fn, deadline) {
  const { MongoInvalidArgumentError } = session.client.s.codec.mongo;
  try {
    const promise = fn(session);
    if (typeof (/** @type {any} */ (promise)?.then) !== 'function') {
      throw new MongoInvalidArgumentError('Function provided to `withTransaction` must return a Promise');
    }
    const value = await promise;
    // Ended by the function itself: that was its intention.
    return { done: !session.inTransaction(), value };
  } catch (error) {
    if (session.inTransaction()) await session.abortTransaction();
    if (!hasLabel(error, TRANSIENT) || performance.now() >= deadline) throw error;
    return { done: false, failure: error };
  }
}

/**
 * @param {any} session
 * @param {number} deadline
 * @returns {Promise<any>} null, or a failure after which the whole transaction may be tried again
 */
async function commit(session, deadline) {
  while (true) {
    try {
      await session.commitTransaction();
      return null;
    } catch (error) {
      if (hasLabel(error, UNKNOWN_COMMIT) && !isMaxTimeExpired(error)) {
        if (performance.now() < deadline) continue;
        throw error;
      }
      if (hasLabel(error, TRANSIENT)) return error;
      throw error;
    }
  }
}

/**
 * @param {any} error of any copy of `mongodb`
 * @param {string} label
 */
function hasLabel(error, label) {
  return typeof error?.hasErrorLabel === 'function' && error.hasErrorLabel(label);
}

/** @param {any} error */
function isMaxTimeExpired(error) {
  return error.code === MAX_TIME_EXPIRED || error.writeConcernError?.code === MAX_TIME_EXPIRED;
}

/**
 * @param {number} attempt
 * @param {number} deadline
 * @param {any} failure what to report when there is no time for another attempt
 */
async function pause(attempt, deadline, failure) {
  const longest = Math.min(FIRST_PAUSE_MS * PAUSE_GROWTH ** attempt, LONGEST_PAUSE_MS);
  const duration = Math.random() * longest;
  if (performance.now() + duration >= deadline) throw failure;
  await sleep(duration);
}

module.exports = { runTransaction };
