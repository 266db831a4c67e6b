'use strict';

const { rules } = require('../protocol/rules');
const { AbstractCursor } = require('./abstract-cursor');
const { COMMON, CURSOR, Operation, READ_PREFERENCE } = require('./operation');

const OPTIONS = rules(COMMON, READ_PREFERENCE, CURSOR);
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
    op.take(OPTIONS, options, {});
    op.takeBsonOptions(options);
    super(db.client, db.dbName, { ...command }, op);
  }

  /** @param {any} comment */
  setComment(comment) {
    this.body.comment ??= comment;
    return this;
  }

  /** @param {number} maxTimeMS how long the server may wait for more */
  setMaxTimeMS(maxTimeMS) {
    this.op.maxAwaitTimeMS = maxTimeMS;
    return this;
  }

  /**
   * The engine takes the size of later batches from the command, so this is the size of the first one as well.
   * @param {number} batchSize
   */
  setBatchSize(batchSize) {
    if ('find' in this.body) this.body.batchSize ??= batchSize;
    else this.body.cursor = { batchSize, ...this.body.cursor };
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
