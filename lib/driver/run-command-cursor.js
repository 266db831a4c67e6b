'use strict';

const { numbers, rules, values } = require('../protocol/rules');
const { AbstractCursor } = require('./abstract-cursor');
const { COMMON, CURSOR, Operation, READ_PREFERENCE } = require('./operation');

const OPTIONS = rules(COMMON, READ_PREFERENCE, CURSOR, numbers('batchSize'), values('comment'));
delete OPTIONS.maxTimeMS;
delete OPTIONS.collation;

/** The cursor of a command that the caller wrote. */
class RunCommandCursor extends AbstractCursor {
  /**
   * @param {any} db
   * @param {any} command
   * @param {any} [options]
   */
  constructor(db, command, options) {
    const op = new Operation(db.s);
    /** @type {any} */
    const getMoreOptions = {};
    op.take(OPTIONS, options, getMoreOptions);
    op.takeBsonOptions(options);
    if (op.maxAwaitTimeMS !== null) getMoreOptions.maxAwaitTimeMS = op.maxAwaitTimeMS;
    op.getMoreOptions = getMoreOptions;
    const own = Object.freeze({ ...command });
    super(db.client, db.dbName, own, op);
    this.db = db;
    this.command = own;
    /** What later batches are asked with: the command speaks for the first one alone. */
    this.getMoreOptions = getMoreOptions;
  }

  /** @param {any} comment of later batches */
  setComment(comment) {
    this.getMoreOptions.comment = comment;
    return this;
  }

  /** @param {number} maxTimeMS how long the server may wait for more */
  setMaxTimeMS(maxTimeMS) {
    this.getMoreOptions.maxAwaitTimeMS = maxTimeMS;
    return this;
  }

  /** @param {number} batchSize of later batches */
  setBatchSize(batchSize) {
    this.getMoreOptions.batchSize = batchSize;
    return this;
  }

  clone() {
    return this.refuse('Clone not supported, create a new cursor with db.runCursorCommand');
  }

  withReadConcern() {
    return this.refuse(
      'RunCommandCursor does not support readConcern it must be attached to the command being run',
    );
  }

  addCursorFlag() {
    return this.refuse(
      'RunCommandCursor does not support cursor flags, they must be attached to the command being run',
    );
  }

  maxTimeMS() {
    return this.refuse(
      'maxTimeMS must be configured on the command document directly, to configure getMore.maxTimeMS use cursor.setMaxTimeMS()',
    );
  }

  batchSize() {
    return this.refuse(
      'batchSize must be configured on the command document directly, to configure getMore.batchSize use cursor.setBatchSize()',
    );
  }

  /**
   * @param {string} message
   * @returns {any}
   */
  refuse(message) {
    throw new this.op.codec.mongo.MongoAPIError(message);
  }
}

exports.RunCommandCursor = RunCommandCursor;
