'use strict';

const { EventEmitter } = require('node:events');
const { PolyMongoError } = require('../error');
const { decodeReply } = require('../protocol/decode');
const { closeWhenAbandoned, closedByItself } = require('./abandoned');
const { STATE, Transaction } = require('./transaction');
const { runTransaction } = require('./with-transaction');
const { startingStreams } = require('./stream-starts');

/**
 * A session of the engine with the official driver's members. The class is called `ClientSession` because Mongoose looks
 * at that name, and stays extensible because Mongoose hangs a property on it.
 */
class ClientSession extends EventEmitter {
  /**
   * @param {any} client
   * @param {any} [options]
   */
  constructor(client, options) {
    super();
    const { causalConsistency, snapshot, defaultTransactionOptions, defaultTimeoutMS } = options ?? {};
    const { engine, codec, timeoutMS } = client.s;
    this.snapshotEnabled = snapshot === true;
    if (causalConsistency === true && this.snapshotEnabled) {
      throw new codec.mongo.MongoInvalidArgumentError(
        'Properties "causalConsistency" and "snapshot" are mutually exclusive',
      );
    }
    this.client = client;
    this.explicit = true;
    this.hasEnded = false;
    this.supports = { causalConsistency: causalConsistency ?? !this.snapshotEnabled };
    this.defaultTransactionOptions = { ...defaultTransactionOptions };
    /** @type {number | undefined} */
    this.timeoutMS = defaultTimeoutMS ?? timeoutMS ?? undefined;
    this.transaction = new Transaction(codec);
    /** Set by whoever lends the session for one transaction alone. */
    this.onlyInTransaction = false;
    /** On the clock of `performance.now()`. */
    this.lastUse = performance.now();
    /** What `id` was read from last. @type {Buffer | null} */
    this.idBytes = null;
    /** @type {any} */
    this.shownId = undefined;
    const handle = engine.startSession({
      causalConsistency: this.supports.causalConsistency,
      snapshot: this.snapshotEnabled,
    });
    this.handle = handle;
    closeWhenAbandoned(this, () => engine.endSession(handle));
  }

  /** The server's name of the session. The engine draws one now if none of its operations has needed one yet. */
  get id() {
    const { engine, codec } = this.client.s;
    const known = this.idBytes;
    if (!this.hasEnded) this.idBytes = engine.sessionId(this.handle, this.client.dbName) ?? known;
    if (this.idBytes !== null && (this.shownId === undefined || !known?.equals(this.idBytes))) {
      this.shownId = decodeReply(codec, this.idBytes, 0, null);
    }
    return this.shownId;
  }

  /** Transaction numbers and broken connections are the engine's business: nothing is told of them here. */
  get serverSession() {
    return { id: this.id, lastUse: this.lastUse, txnNumber: 0, isDirty: false, hasTimedOut: () => false };
  }

  get clientOptions() {
    return this.client.s.options;
  }

  get clusterTime() {
    return this.info()?.clusterTime ?? undefined;
  }

  get operationTime() {
    return this.info()?.operationTime ?? undefined;
  }

  get loadBalanced() {
    return this.client.s.options.loadBalanced === true;
  }

  get isPinned() {
    return false;
  }

  info() {
    const { engine, codec } = this.client.s;
    return this.hasEnded ? null : engine.sessionInfo(this.handle, codec);
  }

  /** @param {any} operationTime */
  advanceOperationTime(operationTime) {
    const { engine, codec } = this.client.s;
    engine.advanceSession(this.handle, { operationTime }, codec);
  }

  /** @param {any} clusterTime */
  advanceClusterTime(clusterTime) {
    const { engine, codec } = this.client.s;
    checkClusterTime(codec, clusterTime);
    engine.advanceSession(this.handle, { clusterTime }, codec);
  }

  /** @param {any} session */
  equals(session) {
    if (!(session instanceof ClientSession)) return false;
    if (session === this) return true;
    if (this.id == null || session.id == null) return false;
    return Buffer.compare(this.id.id.buffer, session.id.id.buffer) === 0;
  }

  /** Numbers are the engine's; the member exists because it is public. */
  incrementTransactionNumber() {}

  inTransaction() {
    return this.transaction.isActive;
  }

  /** @param {any} [options] */
  startTransaction(options) {
    const { engine, codec, readConcern, writeConcern, readPreference } = this.client.s;
    const { MongoCompatibilityError, MongoExpiredSessionError, MongoTransactionError } = codec.mongo;
    if (this.snapshotEnabled) {
      throw new MongoCompatibilityError('Transactions are not supported in snapshot sessions');
    }
    if (this.inTransaction()) throw new MongoTransactionError('Transaction already in progress');
    if (this.hasEnded) throw new MongoExpiredSessionError('Use of expired sessions is not permitted');
    const defaults = this.defaultTransactionOptions;
    const transaction = new Transaction(
      codec,
      {
        readConcern: options?.readConcern ?? defaults.readConcern ?? readConcern,
        writeConcern: options?.writeConcern ?? defaults.writeConcern ?? writeConcern,
        readPreference: options?.readPreference ?? defaults.readPreference ?? readPreference,
        maxCommitTimeMS: options?.maxCommitTimeMS ?? defaults.maxCommitTimeMS,
      },
      STATE.starting,
    );
    engine.startTransaction(this.handle, {
      readConcern: transaction.options.readConcern ?? null,
      writeConcern: transaction.options.writeConcern ?? null,
      readPreference: transaction.options.readPreference ?? null,
      maxCommitTimeMS: transaction.options.maxTimeMS ?? null,
    });
    this.transaction = transaction;
  }

  /** @param {any} [options] */
  async commitTransaction(options) {
    const { engine, codec } = this.client.s;
    const { MongoTransactionError } = codec.mongo;
    const { transaction } = this;
    if (transaction.state === STATE.none) throw new MongoTransactionError('No transaction started');
    if (transaction.state === STATE.aborted) {
      throw new MongoTransactionError('Cannot call commitTransaction after calling abortTransaction');
    }
    const empty = transaction.state === STATE.starting || transaction.state === STATE.committedEmpty;
    try {
      // An empty transaction as well: the engine has its start on record.
      if (transaction.state !== STATE.committedEmpty) {
        const starting = startingStreams(engine);
        if (starting !== undefined) await starting;
        await engine.commitTransaction(this.handle, this.op(options));
      }
    } finally {
      transaction.state = empty ? STATE.committedEmpty : STATE.committed;
    }
  }

  /**
   * Failures are not reported, as the specification has it: the server gives up the transaction by itself.
   * @param {any} [options]
   */
  async abortTransaction(options) {
    const { engine, codec } = this.client.s;
    const { MongoTransactionError } = codec.mongo;
    const { transaction } = this;
    if (transaction.state === STATE.none) throw new MongoTransactionError('No transaction started');
    if (transaction.state === STATE.aborted)
      throw new MongoTransactionError('Cannot call abortTransaction twice');
    if (transaction.isCommitted) {
      throw new MongoTransactionError('Cannot call abortTransaction after calling commitTransaction');
    }
    transaction.state = STATE.aborted;
    try {
      await engine.abortTransaction(this.handle, this.op(options));
    } catch {}
  }

  /**
   * Runs a function in a transaction and commits it, again where the server says that may help.
   * @template T
   * @param {(session: ClientSession) => Promise<T>} fn
   * @param {any} [options]
   * @returns {Promise<T>}
   */
  async withTransaction(fn, options) {
    return await runTransaction(this, fn, options);
  }

  /** @param {any} [options] */
  async endSession(options) {
    if (this.hasEnded) return;
    if (this.inTransaction()) await this.abortTransaction(options);
    if (this.hasEnded) return;
    this.idBytes = this.client.s.engine.sessionId(this.handle, null) ?? this.idBytes;
    this.hasEnded = true;
    closedByItself(this);
    try {
      await this.client.s.engine.endSession(this.handle);
    } catch {
      // The specification ignores failures here; the server drops the session by itself.
    } finally {
      this.emit('ended', this);
    }
  }

  async [Symbol.asyncDispose]() {
    await this.endSession();
  }

  toBSON() {
    throw new this.client.s.codec.mongo.MongoRuntimeError('ClientSession cannot be serialized to BSON.');
  }

  /**
   * @param {any} [options]
   * @returns {any}
   */
  op(options) {
    return { codec: this.client.s.codec, bson: null, timeoutMS: options?.timeoutMS ?? this.timeoutMS };
  }
}

/**
 * Lets an operation into the session it was given, or says why not.
 * @param {any} session
 * @param {any} op an `Operation`
 * @returns {boolean} whether it runs inside a transaction, which then has the concerns
 */
function admitToSession(session, op) {
  const { mongo } = op.codec;
  if (session.hasEnded) {
    if (session.onlyInTransaction) throw transactionEnded();
    throw new mongo.MongoExpiredSessionError('Use of expired sessions is not permitted');
  }
  if (!(session instanceof ClientSession) || session.client.s.engine !== op.settings.engine) {
    throw new mongo.MongoInvalidArgumentError('ClientSession must be from the same MongoClient');
  }
  op.session = session.handle;
  session.lastUse = performance.now();
  const { transaction } = session;
  if (!transaction.isActive) {
    if (session.onlyInTransaction) throw transactionEnded();
    transaction.state = STATE.none;
    return false;
  }
  const inherited = transaction.options.readPreference;
  if (!op.ownReadPreference && inherited !== undefined) op.readPreference = inherited;
  const mode = op.readPreference?.mode ?? 'primary';
  if ((op.read || op.ownReadPreference) && mode !== 'primary') {
    throw new mongo.MongoTransactionError(`Read preference in a transaction must be primary, not: ${mode}`);
  }
  op.readPreference = null;
  transaction.state = STATE.inProgress;
  return true;
}

/** A session that was handed out for one transaction must not be used to write outside it. */
function transactionEnded() {
  return new PolyMongoError(
    'The transaction of this session has ended, so this operation would run outside it; await every operation inside the function given to transaction(), or leave the session out',
    { code: 'TRANSACTION_ENDED' },
  );
}

/**
 * @param {any} codec
 * @param {any} time
 */
function checkClusterTime({ mongo: { MongoInvalidArgumentError } }, time) {
  if (!time || typeof time !== 'object') {
    throw new MongoInvalidArgumentError('input cluster time must be an object');
  }
  if (time.clusterTime?._bsontype !== 'Timestamp') {
    throw new MongoInvalidArgumentError(
      'input cluster time "clusterTime" property must be a valid BSON Timestamp',
    );
  }
  const keyId = time.signature?.keyId;
  const numeric = typeof keyId === 'bigint' || typeof keyId === 'number' || keyId?._bsontype === 'Long';
  if (time.signature?.hash?._bsontype !== 'Binary' || !numeric) {
    throw new MongoInvalidArgumentError(
      'input cluster time must have a valid "signature" property with BSON Binary hash and BSON Long keyId',
    );
  }
}

exports.ClientSession = ClientSession;
exports.admitToSession = admitToSession;
