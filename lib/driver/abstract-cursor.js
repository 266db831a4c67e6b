'use strict';

const { EventEmitter } = require('node:events');
const { readConcernOf } = require('../protocol/concerns');
const readPreferences = require('../protocol/read-preference');
const { MongoDBNamespace } = require('../protocol/namespace');
const { Undecodable } = require('../protocol/undecodable');
const { closeWhenAbandoned, closedByItself } = require('./abandoned');
const { Ahead } = require('./ahead');
const { CursorStream } = require('./cursor-stream');

const FLAGS = ['tailable', 'oplogReplay', 'noCursorTimeout', 'awaitData', 'exhaust', 'partial'];
const FLAG_NAMES = new Map([['partial', 'allowPartialResults']]);

const NULL_DOCUMENT =
  'Cursor returned a `null` document, but the cursor is not exhausted.  Mapping documents to `null` is not supported in the cursor transform.';

/** @typedef {import('./outcome').Batch} Batch */

/** @type {any[]} */
const NOTHING = [];

/**
 * A cursor as the official driver has them: nothing is sent before the first document is asked for, the builder methods
 * work until then. The command is built right away, in `body`; builder methods change it.
 */
class AbstractCursor extends EventEmitter {
  /**
   * @param {any} client
   * @param {string} dbName
   * @param {any} body the command
   * @param {import('./operation').Operation} op
   */
  constructor(client, dbName, body, op) {
    super();
    this.client = client;
    this.dbName = dbName;
    this.body = body;
    this.op = op;
    /** The engine's name of the open cursor; 0 when there is none (any more). */
    this.handle = 0;
    /** @type {{high: number, low: number, long: any} | null} */
    this.serverId = null;
    /** @type {any[]} */
    this.documents = NOTHING;
    /** None of them is an `Undecodable`. */
    this.intact = true;
    this.position = 0;
    this.initialized = false;
    this.isClosed = false;
    this.isKilled = false;
    this.hasEmittedClose = false;
    /** @type {((document: any) => any) | null} */
    this.transform = null;
    /** @type {Promise<void> | null} */
    this.fetching = null;
    /** How often it was rewound. */
    this.life = 0;
    this.ahead = new Ahead();
    /** Somebody reads document after document. */
    this.isRead = false;
    /** What the caller gave for all of it; the operation has what is left. */
    this.timeoutMS = op.timeoutMS;
    /** @type {number | null} */
    this.deadline = null;
    /** @type {(() => void) | null} */
    this.abortListener = null;
    if (op.signal !== null) this.watchSignal(op.signal);
  }

  /** The server's name of the cursor, once it has answered; 0 when it holds no more. */
  get id() {
    const { Long } = this.op.codec;
    if (this.serverId === null) return undefined;
    if (this.handle === 0) return Long.ZERO;
    this.serverId.long ??= new Long(this.serverId.low, this.serverId.high);
    return this.serverId.long;
  }

  get closed() {
    return this.isClosed && this.bufferedCount() === 0;
  }

  get killed() {
    return this.isKilled;
  }

  get namespace() {
    return new MongoDBNamespace(this.dbName, '$cmd');
  }

  get readPreference() {
    return this.op.readPreference ?? this.op.codec.ReadPreference.primary;
  }

  get readConcern() {
    return this.op.readConcern ?? undefined;
  }

  get signal() {
    return this.op.signal ?? undefined;
  }

  get loadBalanced() {
    return this.client.s.options.loadBalanced === true;
  }

  bufferedCount() {
    return this.documents.length - this.position;
  }

  /** @param {number} [number] */
  readBufferedDocuments(number) {
    const end = Math.min(this.position + (number ?? Infinity), this.documents.length);
    const documents = this.documents.slice(this.position, end);
    this.position = end;
    this.refuseUndecodable(documents);
    return documents;
  }

  async hasNext() {
    this.op.signal?.throwIfAborted();
    if (this.isKilled) return false;
    while (this.bufferedCount() === 0) {
      if (this.isDone()) return false;
      await this.fetch();
    }
    return true;
  }

  async next() {
    this.throwIfUnusable();
    while (this.bufferedCount() === 0) {
      if (this.isDone()) return null;
      await this.fetch();
    }
    return this.shift();
  }

  /** At most one question to the server about what follows: `null` may also mean "not yet". */
  async tryNext() {
    this.throwIfUnusable();
    const opening = !this.initialized;
    if (this.bufferedCount() === 0 && !this.isDone()) await this.fetch();
    if (opening && this.bufferedCount() === 0 && !this.isDone()) await this.fetch();
    return this.bufferedCount() === 0 ? null : this.shift();
  }

  async toArray() {
    this.op.signal?.throwIfAborted();
    if (this.isKilled) return [];
    const { transform } = this;
    const { json } = this.op;
    if (json?.isStream) {
      await this.fetch();
      return json.lend(this);
    }
    if (!this.intact) await this.closeForUndecodable();
    let all = this.takeBatch();
    while (!this.isDone()) {
      await this.fetch();
      if (!this.intact) await this.closeForUndecodable();
      const batch = this.takeBatch();
      if (all.length === 0) all = batch;
      else for (const document of batch) all.push(document);
    }
    if (this.op.json !== null) return this.op.json.all(this.op, all);
    if (transform === null) return all;
    const mapped = [];
    for (const document of all) mapped.push(await this.apply(transform, document));
    return mapped;
  }

  /** @param {(document: any) => any} iterator `false` ends it */
  async forEach(iterator) {
    this.op.signal?.throwIfAborted();
    if (typeof iterator !== 'function') {
      throw new this.op.codec.mongo.MongoInvalidArgumentError('Argument "iterator" must be a function');
    }
    for await (const document of this) {
      if (iterator(document) === false) break;
    }
  }

  async *[Symbol.asyncIterator]() {
    this.op.signal?.throwIfAborted();
    try {
      while (!this.closed && !this.isKilled) {
        const document = await this.next();
        if (document === null) return;
        yield document;
        this.op.signal?.throwIfAborted();
      }
    } finally {
      if (!this.isClosed) await this.close();
    }
  }

  /** @param {{transform?: (document: any) => any}} [options] */
  stream(options) {
    return new CursorStream(this, options?.transform);
  }

  async close() {
    this.isClosed = true;
    this.forgetSignal();
    const { handle } = this;
    this.handle = 0;
    this.ahead.drop();
    if (handle !== 0) {
      closedByItself(this);
      this.isKilled = true;
      try {
        await this.client.s.engine.closeCursor(handle);
      } catch {
        // The server drops what nobody reads.
      }
    }
    this.emitClose();
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /** Back to before the first document; the next read asks the server again. */
  rewind() {
    if (!this.initialized) return;
    this.letGo();
    // What is still on its way belongs to the life before.
    this.fetching = null;
    this.life += 1;
    this.documents = NOTHING;
    this.intact = true;
    this.position = 0;
    this.serverId = null;
    this.initialized = false;
    this.isClosed = false;
    this.isKilled = false;
    this.hasEmittedClose = false;
    this.deadline = null;
    this.isRead = false;
  }

  /**
   * @param {string} flag
   * @param {boolean} value
   */
  addCursorFlag(flag, value) {
    this.throwIfInitialized();
    const { MongoInvalidArgumentError } = this.op.codec.mongo;
    if (!FLAGS.includes(flag)) {
      throw new MongoInvalidArgumentError(`Flag ${flag} is not one of ${FLAGS}`);
    }
    if (typeof value !== 'boolean')
      throw new MongoInvalidArgumentError(`Flag ${flag} must be a boolean value`);
    // Exhaust is a flag of the wire, not of the command.
    if (flag !== 'exhaust') this.body[FLAG_NAMES.get(flag) ?? flag] = value;
    return this;
  }

  /** @param {(document: any) => any} transform applied after those given before */
  map(transform) {
    this.throwIfInitialized();
    const before = this.transform;
    this.transform = before === null ? transform : (document) => transform(before(document));
    return this;
  }

  /** @param {any} readPreference */
  withReadPreference(readPreference) {
    this.throwIfInitialized();
    const { codec } = this.op;
    if (typeof readPreference !== 'string' && !(readPreference instanceof codec.ReadPreference)) {
      throw new codec.mongo.MongoInvalidArgumentError(`Invalid read preference: ${readPreference}`);
    }
    this.op.readPreference = readPreferences.forEngine(
      readPreferences.readPreferenceOf(codec, readPreference),
    );
    this.op.ownReadPreference = true;
    return this;
  }

  /** @param {any} readConcern */
  withReadConcern(readConcern) {
    this.throwIfInitialized();
    this.op.readConcern = readConcernOf(readConcern) ?? this.op.readConcern;
    return this;
  }

  /** @param {number} value */
  maxTimeMS(value) {
    this.throwIfInitialized();
    this.body.maxTimeMS = this.requireNumber(value, 'Argument for maxTimeMS must be a number');
    return this;
  }

  /** @param {number} value */
  batchSize(value) {
    this.throwIfInitialized();
    if (this.body.tailable) {
      throw new this.op.codec.mongo.MongoTailableCursorError('Tailable cursor does not support batchSize');
    }
    this.setBatchSize(this.requireNumber(value, 'Operation "batchSize" requires an integer'));
    return this;
  }

  /** @param {number} value */
  setBatchSize(value) {
    this.body.cursor.batchSize = value;
  }

  /**
   * Makes a new cursor ask what another one asks, outside that one's session.
   * @template {AbstractCursor} T
   * @param {T} clone
   * @returns {T}
   */
  cloneInto(clone) {
    const { cursor } = this.body;
    clone.body = { ...this.body };
    if (cursor) clone.body.cursor = { ...cursor };
    clone.op = this.op.copy();
    clone.timeoutMS = this.timeoutMS;
    if (clone.op.signal !== null) clone.watchSignal(clone.op.signal);
    return clone;
  }

  /** Called once before the command is sent; the kinds of cursors settle their body here. */
  prepare() {}

  /**
   * @param {any} [verbosity] or `{timeoutMS}`
   * @param {any} [options]
   */
  async explainWith(verbosity, options) {
    this.prepare();
    const op = this.op.copy();
    op.clientSession = this.op.clientSession;
    op.explain = (verbosity?.timeoutMS === undefined ? verbosity : null) ?? true;
    op.timeoutMS = options?.timeoutMS ?? verbosity?.timeoutMS ?? op.timeoutMS;
    return await op.execute(this.dbName, { ...this.body });
  }

  // What follows is the cursor's own business.

  /** No document is left here, and none can come. */
  isDone() {
    return this.isClosed || (this.initialized && this.handle === 0);
  }

  shift() {
    const document = this.documents[this.position];
    // Let go of what was read: a batch may be large, and its reader slow.
    this.documents[this.position] = undefined;
    this.position += 1;
    // The documents after it can still be read.
    if (!this.intact && document instanceof Undecodable) throw document.error;
    if (this.isRead) this.fetchAhead();
    this.isRead = true;
    return this.transform === null ? document : this.apply(this.transform, document);
  }

  takeBatch() {
    const batch = this.position === 0 ? this.documents : this.documents.slice(this.position);
    this.documents = NOTHING;
    this.position = 0;
    return batch;
  }

  /** Whoever wants all documents gives the cursor up when one of them cannot be read. */
  async closeForUndecodable() {
    try {
      this.refuseUndecodable(this.documents.slice(this.position));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** @param {any[]} documents */
  refuseUndecodable(documents) {
    if (this.intact) return;
    const found = documents.find((document) => document instanceof Undecodable);
    if (found !== undefined) throw found.error;
  }

  /**
   * @param {(document: any) => any} transform
   * @param {any} document
   */
  async apply(transform, document) {
    try {
      const result = transform(document);
      if (result === null) throw new this.op.codec.mongo.MongoAPIError(NULL_DOCUMENT);
      return result;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** One batch more; whoever asks meanwhile waits for the same one. */
  async fetch() {
    if (this.fetching !== null) return await this.fetching;
    const { life } = this;
    this.fetching = this.initialized ? this.fetchMore() : this.open();
    try {
      await this.fetching;
      this.op.signal?.throwIfAborted();
    } catch (error) {
      // Closed meanwhile, by whoever holds it: then there is nothing more.
      if (this.isKilled && error instanceof this.op.codec.mongo.MongoCursorExhaustedError) return;
      if (life === this.life) await this.close();
      throw error;
    } finally {
      if (life === this.life) this.fetching = null;
    }
  }

  async open() {
    const { life } = this;
    try {
      const { op } = this;
      this.prepare();
      // A copy where the moment decides about the concerns: the same cursor may run again under others.
      const fixed = op.clientSession === null && op.settings.context === null;
      const body = fixed ? this.body : { ...this.body };
      op.timeoutMS = this.timeoutMS;
      op.admit(body);
      if (op.timeoutMS && this.timesOutAsAWhole()) this.deadline = performance.now() + op.timeoutMS;
      this.accept(await this.start(body), life);
    } finally {
      if (life === this.life) this.initialized = true;
    }
  }

  /**
   * @param {any} body
   * @returns {Promise<Batch>}
   */
  start(body) {
    if (this.op.explain !== null) return this.startWithReply(body, (reply) => [reply]);
    return this.client.s.engine.openCursor(this.dbName, body, this.op);
  }

  /**
   * @param {any} body
   * @param {(reply: any) => any[]} documentsOf
   * @returns {Promise<Batch>}
   */
  async startWithReply(body, documentsOf) {
    const documents = documentsOf(await this.op.send(this.dbName, body));
    return { documents, intact: true, cursor: 0, idHigh: 0, idLow: 0, resumeToken: null };
  }

  timesOutAsAWhole() {
    return !this.body.tailable && this.op.timeoutMode !== 'iteration';
  }

  async fetchMore() {
    const { life } = this;
    this.accept(await (this.ahead.take() ?? this.nextBatch()), life);
  }

  /** @returns {Promise<any>} */
  nextBatch() {
    const { op } = this;
    if (this.deadline !== null) op.timeoutMS = Math.max(1, Math.ceil(this.deadline - performance.now()));
    return this.client.s.engine.nextBatch(this.handle, op);
  }

  /**
   * Asks for the batch that comes next. Who has taken a single document may never want another one; a tailable cursor
   * waits on the server; and in a session the operations that the reader starts would have to wait.
   */
  fetchAhead() {
    if (this.handle === 0 || this.body.tailable || this.op.clientSession !== null) return;
    this.ahead.begin(() => this.nextBatch());
  }

  /**
   * @param {Batch} batch
   * @param {number} life the one it was asked in
   */
  accept({ documents, intact, cursor, idHigh, idLow, count }, life) {
    if (this.isClosed || life !== this.life) {
      // Closed or rewound while the answer was on its way.
      if (cursor !== 0 && cursor !== this.handle) this.client.s.engine.closeCursor(cursor).catch(() => {});
      return;
    }
    this.documents = documents;
    this.intact = intact;
    this.position = 0;
    this.serverId ??= { high: idHigh, low: idLow, long: null };
    if (this.op.json !== null) this.op.json.count += count ?? documents.length;
    if (cursor !== this.handle) this.follow(cursor);
    if (cursor === 0) this.finish();
  }

  /** @param {number} handle of the cursor that was opened, or 0 when it is used up */
  follow(handle) {
    this.handle = handle;
    if (handle === 0) return closedByItself(this);
    const { ahead } = this;
    const { engine } = this.client.s;
    closeWhenAbandoned(this, () => {
      ahead.drop();
      return engine.closeCursor(handle);
    });
  }

  /** Gives the engine's cursor up without waiting. */
  letGo() {
    const { handle } = this;
    if (handle === 0) return;
    this.follow(0);
    this.ahead.drop();
    this.client.s.engine.closeCursor(handle).catch(() => {});
  }

  /** The server has no more: what is buffered may still be read. */
  finish() {
    this.isClosed = true;
    this.forgetSignal();
    this.emitClose();
  }

  emitClose() {
    if (this.hasEmittedClose) return;
    this.hasEmittedClose = true;
    this.emit('close');
  }

  /** @param {AbortSignal} signal */
  watchSignal(signal) {
    this.abortListener = () => void this.close();
    signal.addEventListener('abort', this.abortListener, { once: true });
  }

  forgetSignal() {
    if (this.abortListener === null) return;
    this.op.signal?.removeEventListener('abort', this.abortListener);
    this.abortListener = null;
  }

  throwIfUnusable() {
    this.op.signal?.throwIfAborted();
    if (this.isKilled) throw new this.op.codec.mongo.MongoCursorExhaustedError();
  }

  throwIfInitialized() {
    if (this.initialized || this.fetching !== null) throw new this.op.codec.mongo.MongoCursorInUseError();
  }

  /**
   * @param {any} value
   * @param {string} message
   * @returns {number}
   */
  requireNumber(value, message) {
    if (typeof value !== 'number') throw new this.op.codec.mongo.MongoInvalidArgumentError(message);
    return value;
  }
}

exports.AbstractCursor = AbstractCursor;
