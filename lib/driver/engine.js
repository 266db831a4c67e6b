'use strict';

const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');
const { PolyMongoError } = require('../error');
const native = require('../native');
const { decodeReply } = require('../protocol/decode');
const { encode, isEncoding } = require('../protocol/encode');
const { toError } = require('../protocol/errors');
const { createReader } = require('../protocol/reader');
const { splitUri } = require('../protocol/split-uri');
const { flagsOf, settingsOf } = require('./op-settings');
const { environment, listen, nextHandle, outcomeOf, shape, unlisten } = require('./outbox');
const { Failure } = require('./outcome');

/** @typedef {import('../protocol/codec').Codec} Codec */

/** @typedef {{batchSize?: number, comment?: any, maxAwaitTimeMS?: number}} GetMoreOptions */

/**
 * What an operation says of itself besides its command.
 * @typedef {object} Op
 * @property {Codec} codec the BSON and the error classes it uses
 * @property {boolean} [read] a read: it may be repeated
 * @property {boolean} [write] a write that may carry a transaction number, and may then be repeated
 * @property {number} [session] 0 = none
 * @property {any} [bson] the BSON options in force; null: the defaults, and replies come unpacked
 * @property {import('./json-result').JsonResult | null} [json] where JSON is wanted in the place of documents
 * @property {any} [readPreference] null: the primary
 * @property {number | null} [timeoutMS]
 * @property {number | null} [maxAwaitTimeMS]
 * @property {boolean} [gather] the reply's cursor is read to its end, and the reply has all of its documents
 * @property {GetMoreOptions | null} [getMoreOptions] what a cursor's later batches are asked with; null: as the command that opens it says
 * @property {AbortSignal | null} [signal]
 * @property {number} [shown] what of the reply matters, `COUNTS` or `VALUE`; 0: all of it
 */

/** @typedef {import('./outcome').Batch} Batch */

/** The events that the addon makes only where somebody listens: `Kind` in `src/telemetry/events.rs`. @type {any} */
const KINDS = { __proto__: null, command: 1, connection: 2, servers: 4, heartbeat: 8 };

/** Engines that nobody holds any more hear nothing. */
const collected = new FinalizationRegistry(unlisten);

/**
 * JavaScript's side of the border: one client of the Rust engine. Its methods submit before they return; what they return
 * tells how that ends, in the error classes of the user's own Mongoose. A method without an operation's description uses
 * those of the Mongoose that was used last.
 */
class Engine extends EventEmitter {
  /** @type {import('../native').Native['NativeClient']['prototype']} */
  #native;
  /** @type {ReturnType<import('../native').Native['NativeClient']['prototype']['submitter']>} */
  #submit;
  /** @type {Codec | null} */
  #codec = null;
  /** @type {Map<string, any>} */
  #topologies = new Map();
  /** Which of {@link KINDS} are listened to. */
  #kinds = 0;

  /**
   * Never connects.
   * @param {string} uri
   * @param {object} config
   */
  constructor(uri, config) {
    super();
    /** `host:port`, as the connection string names them. */
    this.hosts = splitUri(uri).hosts;
    const client = nextHandle();
    try {
      this.#native = new native.NativeClient(environment, client, uri, JSON.stringify(config));
    } catch (error) {
      throw new PolyMongoError(error.message, { code: 'URI_INVALID' });
    }
    this.#submit = this.#native.submitter();
    const self = new WeakRef(this);
    listen(client, (text, payload) => {
      const engine = self.deref();
      if (engine !== undefined) engine.#tell(text, payload);
    });
    collected.register(this, client);
    // Bound, for a closure made here would share what it holds with the one above.
    super.on('newListener', this.#listenerComes.bind(this));
    super.on('removeListener', this.#listenerLeft.bind(this));
  }

  /** @param {string | symbol} type */
  #listenerComes(type) {
    this.#listen(type, 1);
  }

  /** @param {string | symbol} type */
  #listenerLeft(type) {
    this.#listen(type, 0);
  }

  /**
   * Has the addon make the events of a kind, or not any more: they cost something where nobody listens.
   * @param {string | symbol} type
   * @param {number} coming how many listeners are about to be added
   */
  #listen(type, coming) {
    const kind = KINDS[type];
    if (kind === undefined) return;
    const wanted = this.listenerCount(type) + coming > 0;
    const kinds = wanted ? this.#kinds | kind : this.#kinds & ~kind;
    if (kinds === this.#kinds) return;
    this.#kinds = kinds;
    this.#native.listen(kinds);
  }

  /**
   * @param {string} db
   * @param {object} body the command: its first key is its name
   * @param {Op} op
   * @returns {Promise<any>} the server's reply
   */
  async command(db, body, op) {
    if (isEncoding()) await undefined;
    const id = this.#begin(op);
    const bytes = encode(op.codec, body, op.bson);
    this.#submit(id, 0, db, op.session ?? 0, flagsOf(op), bytes, settingsOf(op));
    return this.#settled(await this.#outcome(id, op), op, db);
  }

  /**
   * @param {string} db
   * @param {object} body
   * @param {Op} op
   * @returns {Promise<Batch>} the first batch
   */
  async openCursor(db, body, op) {
    if (isEncoding()) await undefined;
    const id = this.#begin(op);
    const cursor = nextHandle();
    const bytes = encode(op.codec, body, op.bson);
    this.#submit(id, cursor, db, op.session ?? 0, flagsOf(op), bytes, settingsOf(op));
    return this.#settled(await this.#outcome(id, op, cursor), op, db);
  }

  /**
   * @param {number} cursor
   * @param {Op} op
   * @returns {Promise<Batch>}
   */
  async nextBatch(cursor, op) {
    const id = this.#begin(op);
    this.#native.nextBatch(id, cursor, flagsOf(op), settingsOf(op));
    return this.#settled(await this.#outcome(id, op, cursor), op);
  }

  /**
   * Closes a cursor, on the server too. One that is not open is closed already.
   * @param {number} cursor
   * @returns {Promise<void>}
   */
  async closeCursor(cursor) {
    if (cursor === 0) return;
    const id = nextHandle();
    this.#native.closeCursor(id, cursor);
    this.#settled(await this.#outcome(id));
  }

  /**
   * Nothing is sent before the session's first operation.
   * @param {object} [options]
   * @returns {number} the session
   */
  startSession(options) {
    const session = nextHandle();
    this.#checked(this.#native.startSession(session, JSON.stringify(options ?? {})));
    return session;
  }

  /**
   * The session's next operation starts it.
   * @param {number} session
   * @param {object} [options]
   */
  startTransaction(session, options) {
    this.#checked(this.#native.startTransaction(session, JSON.stringify(options ?? {})));
  }

  /**
   * @param {number} session
   * @param {Op} op
   * @returns {Promise<any>}
   */
  async commitTransaction(session, op) {
    const id = this.#begin(op);
    this.#native.commitTransaction(id, session, settingsOf(op));
    return this.#settled(await this.#outcome(id, op), op);
  }

  /**
   * @param {number} session
   * @param {Op} op
   * @returns {Promise<any>}
   */
  async abortTransaction(session, op) {
    const id = this.#begin(op);
    this.#native.abortTransaction(id, session, settingsOf(op));
    return this.#settled(await this.#outcome(id, op), op);
  }

  /**
   * @param {number} session
   * @returns {Promise<void>}
   */
  async endSession(session) {
    const id = nextHandle();
    this.#native.endSession(id, session);
    this.#settled(await this.#outcome(id));
  }

  /**
   * @param {number} session
   * @param {Codec} codec
   * @returns {any} `{id, clusterTime, operationTime}` as far as they are known; null for an unknown session
   */
  sessionInfo(session, codec) {
    const info = this.#native.sessionInfo(session);
    return info === null ? null : decodeReply(codec, info, 0, null);
  }

  /**
   * The server's name of a session, as BSON `{id}`.
   * @param {number} session
   * @param {string | null} db on whose pool it is drawn if there is none yet; null: not at all
   * @returns {Buffer | null}
   */
  sessionId(session, db) {
    return this.#native.sessionId(session, db);
  }

  /**
   * @param {number} session
   * @param {{clusterTime?: any, operationTime?: any}} times
   * @param {Codec} codec
   */
  advanceSession(session, times, codec) {
    this.#native.advanceSession(session, encode(codec, times, { ignoreUndefined: true }));
  }

  /**
   * Resolves when the server's cursor is open: later changes are not missed.
   * @param {{db?: string | null, collection?: string | null, pipeline: object[], options?: object, session?: number}} what
   * @param {Op} op
   * @returns {Promise<number>} the stream
   */
  async openStream({ db = null, collection = null, pipeline, options = {}, session = 0 }, op) {
    if (isEncoding()) await undefined;
    const id = this.#begin(op);
    const stream = nextHandle();
    const bytes = encode(op.codec, { pipeline, options }, op.bson);
    this.#native.openStream(id, stream, db, collection, session, bytes);
    this.#settled(await this.#outcome(id, op), op, db);
    return stream;
  }

  /**
   * Waits for changes. The first answer may be no more than the token that the stream begins with.
   * @param {number} stream
   * @param {Op} op
   * @returns {Promise<Batch>}
   */
  async nextChanges(stream, op) {
    const id = this.#begin(op);
    this.#native.nextChanges(id, stream, flagsOf(op));
    return this.#settled(await this.#outcome(id, op), op);
  }

  /**
   * Closes a stream. One that is not open is closed already.
   * @param {number} stream
   * @returns {Promise<void>}
   */
  async closeStream(stream) {
    const id = nextHandle();
    this.#native.closeStream(id, stream);
    this.#settled(await this.#outcome(id));
  }

  /**
   * Opens a pool, and waits until a server can be used.
   * @param {string | null} db the one of this database; null: the shared one
   * @param {Op} [op]
   * @returns {Promise<any>} what the server says of itself
   */
  async connect(db, op) {
    const id = this.#begin(op);
    this.#native.connect(id, db);
    return this.#settled(await this.#outcome(id, op), op, db);
  }

  /**
   * @param {string[]} dbs
   * @param {object | null} pool a pool that these databases have to themselves; null: the shared one again
   * @returns {Promise<any>}
   */
  async configure(dbs, pool) {
    const id = nextHandle();
    this.#native.configure(id, JSON.stringify(dbs), pool === null ? null : JSON.stringify(pool));
    return this.#settled(await this.#outcome(id));
  }

  /**
   * Closes a database's own pool as soon as nothing uses it; its next use opens it again.
   * @param {string} db
   * @returns {Promise<any>}
   */
  async closePool(db) {
    const id = nextHandle();
    this.#native.closePool(id, db);
    return this.#settled(await this.#outcome(id));
  }

  /**
   * @param {{force?: boolean, timeoutMS?: number, refuse?: boolean, closeCursors?: boolean}} [options] operations, open
   *   transactions and, unless they are to be closed, open cursors have until the timeout to come to their end
   * @returns {Promise<{drained: number, cancelled: number}>}
   */
  async close({ force = false, timeoutMS = 10_000, refuse = true, closeCursors = false } = {}) {
    const id = nextHandle();
    this.#native.close(id, JSON.stringify({ force, timeoutMS, refuse, closeCursors }));
    return this.#settled(await this.#outcome(id));
  }

  /**
   * Gives an operation up. One that has ended, or was never begun, is none of anybody's.
   * @param {number} operation
   */
  cancel(operation) {
    this.#native.cancel(operation);
  }

  /** Takes work again after {@link close}. */
  reopen() {
    this.#native.reopen();
  }

  /**
   * What is known of the servers behind a database: the last `topology` event of its own pool, or of the shared one.
   * @param {string | null} [db]
   * @returns {any} null before the first
   */
  topology(db) {
    return this.#topologies.get(db ?? '') ?? this.#topologies.get('') ?? null;
  }

  /**
   * The pool that serves a database, by the name its events have: the database's own, or the shared one.
   * @param {string} db
   */
  poolOf(db) {
    return this.#topologies.has(db) ? db : '';
  }

  /** @returns {any} */
  stats() {
    return JSON.parse(this.#native.stats());
  }

  toJSON() {
    return { hosts: this.hosts };
  }

  [inspect.custom]() {
    return `Engine { hosts: ${inspect(this.hosts)} }`;
  }

  /**
   * @param {Op} [op]
   * @returns {number} the operation's handle
   */
  #begin(op) {
    if (op !== undefined) {
      op.signal?.throwIfAborted();
      this.#codec = op.codec;
      op.codec.reader ??= createReader(op.codec.BSON, shape);
    }
    return nextHandle();
  }

  /**
   * @param {number} id
   * @param {Op} [op]
   * @param {number} [cursor]
   * @returns {Promise<any>}
   */
  #outcome(id, op, cursor = 0) {
    const outcome = outcomeOf(id, op?.codec ?? this.#codec, op?.bson ?? null, cursor);
    const signal = op?.signal;
    if (signal == null) return outcome;
    const cancel = () => this.#native.cancel(id);
    signal.addEventListener('abort', cancel, { once: true });
    return outcome.finally(() => signal.removeEventListener('abort', cancel));
  }

  /**
   * Errors are made here, where the operation is awaited, and so with the stack of the caller.
   * @param {any} outcome
   * @param {Op} [op]
   * @param {string | null} [db]
   */
  #settled(outcome, op, db) {
    if (!(outcome instanceof Failure)) return outcome;
    if (op?.signal?.aborted) throw op.signal.reason;
    if (outcome.payload === null) throw outcome.error;
    const error = this.#error(outcome.payload, op?.codec ?? this.#codec, db);
    Error.captureStackTrace(error, this.#settled);
    throw error;
  }

  /** @param {string | null} failure what the addon says is wrong */
  #checked(failure) {
    if (failure !== null) throw this.#error(JSON.parse(failure), this.#codec);
  }

  /**
   * @param {any} payload
   * @param {Codec | null} codec
   * @param {string | null} [db]
   */
  #error(payload, codec, db) {
    if (codec === null) return new PolyMongoError(payload.message, { code: codeOf(payload.kind) });
    return toError(codec, payload, this.topology(db));
  }

  /**
   * @param {string} text an event as JSON
   * @param {Buffer} payload what it has of the users': BSON, for whoever listens and has a library for it
   */
  #tell(text, payload) {
    const event = JSON.parse(text);
    if (event.type === 'topology') this.#topologies.set(event.pool, event);
    else if (event.type === 'poolClosed' && event.pool !== '') this.#topologies.delete(event.pool);
    this.emit(event.type, event, payload);
  }
}

/** @type {Record<string, any>} */
const CODES = {
  __proto__: null,
  closed: 'WRAPPER_CLOSED',
  invalidArgument: 'OPTION_INVALID',
  configuration: 'OPTION_INVALID',
};

/** What can go wrong before any Mongoose is known. @param {string} kind */
const codeOf = (kind) => CODES[kind] ?? 'INTERNAL';

module.exports = { Engine };
