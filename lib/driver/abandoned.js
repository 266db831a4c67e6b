'use strict';

/**
 * What users open and never close: the engine's half would live, and keep its pool from closing, for ever.
 * @type {FinalizationRegistry<() => Promise<unknown>>}
 */
const opened = new FinalizationRegistry((close) => {
  close().catch(() => {});
});

/**
 * @param {object} owner also the token to take it back with
 * @param {() => Promise<unknown>} close must not hold the owner
 */
function closeWhenAbandoned(owner, close) {
  opened.register(owner, close, owner);
}

/** @param {object} owner */
function closedByItself(owner) {
  opened.unregister(owner);
}

module.exports = { closeWhenAbandoned, closedByItself };
