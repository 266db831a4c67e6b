'use strict';

const { redact } = require('../protocol/redact');

const LIMIT = 500;
/** @type {Set<string>} */
const said = new Set();

/**
 * Tells the developer something once per process, the way Node tells its own warnings.
 * @param {string} message
 * @param {string} [code]
 */
function warnOnce(message, code = 'POLYMONGO') {
  // Bounded: texts may hold names that users chose.
  if (said.has(message) || said.size >= LIMIT) return;
  said.add(message);
  process.emitWarning(redact(message), { type: 'PolyMongoWarning', code });
}

module.exports = { warnOnce };
