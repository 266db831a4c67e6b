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
const { flagsOf, settingsOf } = require('./operation-flags');
const { environment, listen, nextHandle, outcomeOf, shape, unlisten } = require('./outbox');
const { Failure } = require('./outcome');

/** @typedef {import('../protocol/codec').Codec} Codec */

/**
 * What an operation says of itself besides its command.
 * @typedef {object} Op
 * @property {Codec} codec the BSON and the error classes it uses
 * @property {boolean} [read] a read: it may be repeated
 * @property {boolean} [write] a write that may carry a transaction number, and may then be repeated
 * @property {number} [session] 0 = none
 * @property {any} [bson] the BSON options in force; null: the defaults, and replies come unpacked
 * @property {any} [readPreference] null: the primary
 * @property {number | null} [timeoutMS]
 * @property {number | null} [maxAwaitTimeMS]
 * @property {AbortSignal | null} [signal]
 */

/** @typedef {{documents: any[], cursor: number}} Batch the cursor is 0 when this was its last batch */

/** Engines that nobody holds any more hear nothing. */
const collected = new FinalizationRegistry(unlisten);

/**
 * JavaScript's side of the border: one client of the Rust engine, with its pools. A method submits before it returns;
 * what it returns tells how that ends, in the error classes of the user's own Mongoose.
 */
class Engine extends EventEmitter {
  #native;
  #hosts;
  /** @type {Codec | null} */
  #codec = null;
  /** @type {Map<string, any>} */
  #topologies = new Map();

  /**
   * Never connects.
   * @param {string} uri
   * @param {object} config
   */
  constructor(uri, config) {
    super();
    this.#hosts = splitUri(uri).hosts;
    const client = nextHandle();
    this.#native = connectNothing(client, uri, config);
    const self = new WeakRef(this);
    listen(client, (event) => self.deref()?.#tell(event));
    collected.register(this, client);
  }
}
