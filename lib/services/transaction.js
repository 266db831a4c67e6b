'use strict';

const { PolyMongoError } = require('../error');
const { BY_NAME } = require('../protocol/connection-options');
const { received } = require('../protocol/option-values');
const { checkIsObject, checkOptions } = require('../wrapper/check-options');

/** @type {import('../protocol/option-values').OptionEntry[]} */
const TRANSACTION_OPTIONS = [
  ...['readConcern', 'writeConcern', 'readPreference', 'timeoutMS'].map(
    (name) => /** @type {any} */ (BY_NAME.get(name)),
  ),
  { name: 'maxCommitTimeMS', kind: 'driver', type: 'duration' },
];

/** @param {any} options */
function readTransactionOptions(options) {
  if (options === undefined) return {};
  checkIsObject(options, 'the options of transaction()');
  const given = checkOptions(TRANSACTION_OPTIONS, options, { path: 'transaction.', warnings: [] });
  if (typeof given.readConcern === 'string') given.readConcern = { level: given.readConcern };
  return given;
}

/**
 * Runs a function in a transaction. Mongoose's own loop is around it, because it puts documents back into their state
 * before the transaction when that is tried again.
 * @param {object} parts
 * @param {any} parts.connection   Of the default database; the session reaches every database of the cluster
 * @param {any} parts.tenants
 * @param {boolean} parts.implicit
 * @param {any} fn
 * @param {any} options
 */
async function runTransaction({ connection, tenants, implicit }, fn, options) {
  if (typeof fn !== 'function') {
    throw new PolyMongoError(`transaction() needs a function (session) => …${received(fn)}`, {
      code: 'OPTION_INVALID',
      option: 'fn',
    });
  }
  const { timeoutMS, ...given } = readTransactionOptions(options);
  return connection.transaction((/** @type {any} */ session) => {
    // An operation that is given this session afterwards must not run outside the transaction.
    session.onlyInTransaction = true;
    const where = { ...(implicit ? { session } : {}), ...(timeoutMS === undefined ? {} : { timeoutMS }) };
    const call = async () => fn(session);
    return Object.keys(where).length === 0 ? call() : tenants.run(where, call);
  }, given);
}

module.exports = { runTransaction };
