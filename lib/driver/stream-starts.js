'use strict';

/** Change streams that are finding out when they begin, by engine. @type {WeakMap<object, Promise<any>>} */
const starts = new WeakMap();

/**
 * Announces that a stream asks the server for the moment it begins at.
 * @template T
 * @param {object} engine
 * @param {Promise<T>} asking
 * @returns {Promise<T>}
 */
function announceStart(engine, asking) {
  const settled = Promise.allSettled([starts.get(engine), asking]).then(() => {
    if (starts.get(engine) === settled) starts.delete(engine);
  });
  starts.set(engine, settled);
  return asking;
}

/**
 * What is written after a stream was asked for has to wait until its beginning is known: it would overtake it on another
 * connection, and the stream would miss it.
 * @param {object} engine
 * @returns {Promise<any> | undefined}
 */
function startingStreams(engine) {
  return starts.get(engine);
}

module.exports = { announceStart, startingStreams };
