'use strict';

/**
 * Turns a command into the question how it would be run.
 * @param {any} explain `true`, `false`, a verbosity, or `{verbosity, maxTimeMS}`
 * @param {Record<string, any>} command
 */
function explainCommand(explain, command) {
  const { verbosity, maxTimeMS } = typeof explain === 'object' ? explain : { verbosity: explain };
  /** @type {Record<string, any>} */
  const body = { explain: command, verbosity: verbosityOf(verbosity) };
  if (typeof maxTimeMS === 'number') body.maxTimeMS = maxTimeMS;
  return body;
}

/** @param {any} verbosity */
function verbosityOf(verbosity) {
  if (typeof verbosity !== 'boolean') return verbosity;
  return verbosity ? 'allPlansExecution' : 'queryPlanner';
}

module.exports = { explainCommand };
