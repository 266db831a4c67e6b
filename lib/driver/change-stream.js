'use strict';

const { EventEmitter } = require('node:events');
const { STREAM, streamOptions } = require('../protocol/change-stream-options');
const { MongoDBNamespace } = require('../protocol/namespace');
const { rules } = require('../protocol/rules');
const { Undecodable } = require('../protocol/undecodable');
const { closeWhenAbandoned, closedByItself } = require('./abandoned');
const { CursorStream } = require('./cursor-stream');
const { CURSOR, Operation, READ } = require('./operation');
const { announceStart } = require('./stream-starts');

const OPTIONS = rules(READ, CURSOR, STREAM);

/** How long `tryNext` waits when nobody said; the server's own default. */
const DEFAULT_AWAIT_MS = 1000;

const CLOSED = 'ChangeStream is closed';

/** In the official driver's words. */
const TYPES = { collection: Symbol('Collection'), database: Symbol('Database'), cluster: Symbol('Cluster') };

/** @type {any[]} */
const NOTHING = [];

/**
 * A change stream with the official driver's two modes: listeners (a listener of `change` opens it at once) or one call
 * per change. Resuming after failures is the engine's; a failure that arrives here is final.
 */
class ChangeStream extends EventEmitter {
  /**
   * @param {any} parent a collection, a database or a client
   * @param {any} [pipeline] or the options, with no pipeline at all
   * @param {any} [options]
   */
  constructor(parent, pipeline, options) {
    super();
    if (!Array.isArray(pipeline)) [pipeline, options] = [[], pipeline];
    this.parent = parent;
    this.pipeline = pipeline;
    this.options = options ?? {};
    this.op = Operation.reading(parent.s);
    /** @type {any} */
    this.asked = {};
    this.op.take(OPTIONS, options, this.asked);
    this.resumeToken = this.asked.startAfter ?? this.asked.resumeAfter ?? null;
    /** @type {false | 'emitter' | 'iterator'} */
    this.mode = false;
    this.isClosed = false;
    this.hasEmittedClose = false;
    /** @type {Promise<number> | null} */
    this.opening = null;
    /** @type {Promise<any> | null} */
    this.fetching = null;
    /** What ended it, until somebody has been told. @type {any} */
    this.failure = null;
    this.documents = NOTHING;
    this.position = 0;
    /** How many batches with changes have come. */
    this.batches = 0;
    this.batchToken = null;
    this.pumping = false;
    super.on('newListener', (event) => {
      if (event === 'change') this.listen();
    });
    parent.s.watched?.(this);
  }

  get closed() {
    return this.isClosed && this.bufferedCount() === 0;
  }

  get namespace() {
    const { dbName, collectionName } = this.parent;
    return new MongoDBNamespace(dbName ?? 'admin', collectionName);
  }

  /** What is watched. */
  get type() {
    const { dbName, collectionName } = this.parent;
    if (collectionName !== undefined) return TYPES.collection;
    return dbName === undefined ? TYPES.cluster : TYPES.database;
  }

  bufferedCount() {
    return this.documents.length - this.position;
  }

  /** @returns {Promise<any>} the next change, however long it takes */
  async next() {
    this.enterIteratorMode();
    return await this.nextChange();
  }

  /** @returns {Promise<boolean>} true as soon as there is a change, false when there will be none */
  async hasNext() {
    this.enterIteratorMode();
    // A call of next() at the same time may take what has come.
    const known = this.batches;
    while (this.bufferedCount() === 0 && this.batches === known) {
      if (this.failure !== null) throw this.closedError();
      if (this.isClosed) return false;
      await this.fetch();
    }
    return true;
  }

  /** @returns {Promise<any>} a change, or null when none came within `maxAwaitTimeMS` */
  async tryNext() {
    this.enterIteratorMode();
    if (this.isClosed && this.bufferedCount() === 0) throw this.closedError();
    if (this.bufferedCount() === 0) await this.fetchWithin(this.op.maxAwaitTimeMS ?? DEFAULT_AWAIT_MS);
    return this.bufferedCount() === 0 ? null : this.shift();
  }

  async *[Symbol.asyncIterator]() {
    if (this.closed) return;
    try {
      while (true) yield await this.next();
    } finally {
      await this.close();
    }
  }

  stream() {
    if (this.closed) throw new this.op.codec.mongo.MongoChangeStreamError(CLOSED);
    return new CursorStream({ next: () => this.nextOrNull(), close: () => this.close() });
  }

  async close() {
    if (!this.isClosed) {
      this.isClosed = true;
      this.documents = NOTHING;
      this.position = 0;
      await this.release();
    }
    this.emitClose();
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  // What follows is the stream's own business.

  enterIteratorMode() {
    if (this.mode === 'emitter') {
      throw new this.op.codec.mongo.MongoAPIError(
        'ChangeStream cannot be used as an iterator after being used as an EventEmitter',
      );
    }
    this.mode = 'iterator';
  }

  listen() {
    if (this.mode === 'iterator') {
      throw new this.op.codec.mongo.MongoAPIError(
        'ChangeStream cannot be used as an EventEmitter after being used as an iterator',
      );
    }
    this.mode = 'emitter';
    if (this.pumping || this.isClosed) return;
    this.pumping = true;
    // Opens the stream on the server at once; the listener itself is added when this call has returned.
    this.open().catch(() => {});
    queueMicrotask(() => this.pump());
  }

  /** Hands changes to the listeners for as long as there are any. */
  async pump() {
    try {
      while (!this.isClosed && this.listenerCount('change') > 0) {
        if (this.bufferedCount() > 0) this.emitChange(this.shift());
        else await this.fetch();
      }
    } catch (error) {
      if (!this.isClosed) this.fail(error);
    } finally {
      this.pumping = false;
    }
  }

  /** @param {any} change */
  emitChange(change) {
    try {
      this.emit('change', change);
    } catch (error) {
      this.report(error);
    }
  }

  /** @param {any} error */
  fail(error) {
    this.report(error);
    this.close().catch(() => {});
  }

  /**
   * On a turn of its own, so that an error without listeners is an uncaught exception like any other emitter's.
   * @param {any} error
   */
  report(error) {
    queueMicrotask(() => this.emit('error', error));
  }

  open() {
    if (this.opening === null) this.opening = this.startStream();
    return this.opening;
  }

  async startStream() {
    const { engine } = this.parent.s;
    const { op } = this;
    op.admit({});
    const options = { ...(await this.startingPoint()), ...streamOptions(this.asked, op) };
    const stream = await engine.openStream(
      {
        db: this.parent.dbName ?? null,
        collection: this.parent.collectionName ?? null,
        pipeline: this.pipeline,
        options,
        session: op.session,
      },
      op,
    );
    closeWhenAbandoned(this, () => engine.closeStream(stream));
    // Closed meanwhile: whoever closed it waits for this promise and then closes what it yields.
    if (!this.isClosed) this.emit('init');
    return stream;
  }

  /**
   * A stream shows what changes from the moment it is asked for. Streams have connections of their own, which may have to
   * be opened first, so that moment is asked of the server and not left to the stream's arrival there.
   */
  async startingPoint() {
    const { resumeAfter, startAfter, startAtOperationTime } = this.asked;
    if (resumeAfter ?? startAfter ?? startAtOperationTime) return {};
    const { codec } = this.op;
    const { engine } = this.parent.s;
    const asking = engine.command(this.parent.dbName ?? 'admin', { ping: 1 }, { codec, read: true });
    const { operationTime } = await announceStart(engine, asking);
    if (!operationTime) return {};
    const { high, low } = operationTime;
    return { startAtOperationTime: new codec.Timestamp({ t: high >>> 0, i: (low >>> 0) + 1 }) };
  }

  async release() {
    if (this.opening === null) return;
    closedByItself(this);
    try {
      await this.parent.s.engine.closeStream(await this.opening);
    } catch {
      // It never opened, or is gone already.
    }
  }

  /** Waits for changes; whoever asks meanwhile waits for the same ones. */
  async fetch() {
    this.fetching ??= this.fetchBatch().finally(() => {
      this.fetching = null;
    });
    await this.fetching;
  }

  async fetchBatch() {
    try {
      const { engine } = this.parent.s;
      const stream = await this.open();
      // The first answer may be no more than the token that the stream begins with.
      do {
        if (this.isClosed) return;
        this.accept(await engine.nextChanges(stream, this.op));
      } while (this.documents.length === 0);
    } catch (error) {
      if (this.isClosed) return;
      if (error instanceof this.op.codec.mongo.MongoCursorExhaustedError) return this.end();
      if (this.mode === 'emitter') throw error;
      this.failure = error;
      await this.close();
    }
  }

  /** @param {import('./outcome').Batch} batch */
  accept({ documents, resumeToken }) {
    if (this.isClosed) return;
    this.documents = documents;
    this.position = 0;
    this.batchToken = resumeToken ?? null;
    if (documents.length > 0) this.batches += 1;
    else if (resumeToken != null) this.advance(resumeToken);
  }

  /** There will be no more: the server ended it, after an `invalidate`, or the engine closed. */
  end() {
    this.isClosed = true;
    closedByItself(this);
    this.emitClose();
  }

  /** @param {number} duration */
  async fetchWithin(duration) {
    /** @type {any} */
    let timer;
    const waited = new Promise((resolve) => {
      timer = setTimeout(resolve, duration);
    });
    try {
      // What arrives later stays for the next call.
      await Promise.race([this.fetch(), waited]);
    } finally {
      clearTimeout(timer);
    }
    if (this.failure !== null) throw this.closedError();
  }

  async nextChange() {
    const change = await this.nextOrNull();
    if (change === null) throw this.closedError();
    return change;
  }

  /** @returns {Promise<any>} null when it has closed, and not because of a failure */
  async nextOrNull() {
    while (this.bufferedCount() === 0) {
      if (this.failure !== null) throw this.closedError();
      if (this.isClosed) return null;
      await this.fetch();
    }
    return this.shift();
  }

  shift() {
    const change = this.documents[this.position];
    this.documents[this.position] = undefined;
    this.position += 1;
    if (change instanceof Undecodable) {
      // What comes after it would be resumed from a place that nobody knows.
      this.close().catch(() => {});
      throw change.error;
    }
    if (!change._id) {
      throw new this.op.codec.mongo.MongoChangeStreamError(
        'A change stream document has been received that lacks a resume token (_id).',
      );
    }
    const last = this.position === this.documents.length;
    this.advance(last && this.batchToken !== null ? this.batchToken : change._id);
    return change;
  }

  /** @param {any} token */
  advance(token) {
    this.resumeToken = token;
    this.emit('resumeTokenChanged', token);
  }

  emitClose() {
    if (this.hasEmittedClose) return;
    this.hasEmittedClose = true;
    this.emit('close');
  }

  /** The failure that ended it, once; afterwards that it is closed. */
  closedError() {
    const { failure } = this;
    this.failure = null;
    return failure ?? new this.op.codec.mongo.MongoAPIError(CLOSED);
  }
}

exports.ChangeStream = ChangeStream;
