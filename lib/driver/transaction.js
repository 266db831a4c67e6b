'use strict';

const { readConcernOf } = require('../protocol/concerns');
const { readPreferenceOf } = require('../protocol/read-preference');
const { ownOptions, writeConcernIn } = require('./settings');

const STATE = Object.freeze({
  none: 'NO_TRANSACTION',
  starting: 'STARTING_TRANSACTION',
  inProgress: 'TRANSACTION_IN_PROGRESS',
  committed: 'TRANSACTION_COMMITTED',
  committedEmpty: 'TRANSACTION_COMMITTED_EMPTY',
  aborted: 'TRANSACTION_ABORTED',
});

/** @type {Set<string>} */
const ENDED = new Set([STATE.committed, STATE.committedEmpty, STATE.aborted]);

/** State and options of a session's transaction, in the official driver's words; a session always has one. */
class Transaction {
  /**
   * @param {import('../protocol/codec').Codec} codec
   * @param {any} [options] own properties count
   * @param {string} [state]
   */
  constructor(codec, options, state = STATE.none) {
    this.state = state;
    /** @type {{readConcern?: any, writeConcern?: any, readPreference?: any, maxTimeMS?: number}} */
    this.options = {};
    const own = ownOptions(options);
    const writeConcern = writeConcernIn(own);
    if (writeConcern !== null) {
      if (writeConcern.w === 0) {
        throw new codec.mongo.MongoTransactionError(
          'Transactions do not support unacknowledged write concern',
        );
      }
      this.options.writeConcern = writeConcern;
    }
    const readConcern = readConcernOf(own.readConcern);
    if (readConcern !== null) this.options.readConcern = readConcern;
    if (own.readPreference) this.options.readPreference = readPreferenceOf(codec, own.readPreference);
    if (own.maxCommitTimeMS) this.options.maxTimeMS = own.maxCommitTimeMS;
  }

  get isStarting() {
    return this.state === STATE.starting;
  }

  get isActive() {
    return this.state === STATE.starting || this.state === STATE.inProgress;
  }

  get isCommitted() {
    return ENDED.has(this.state);
  }

  /** Servers are pinned below the border. */
  get isPinned() {
    return false;
  }
}

exports.STATE = STATE;
exports.Transaction = Transaction;
