'use strict';

const { constants } = require('node:buffer');
const native = require('../native');
const { readOutcome } = require('./outcome');
const { Pending } = require('./pending');

/** @typedef {import('./outcome').Load} Load */
/** @typedef {import('./outcome').Reading} Reading */
/** @typedef {Reading & {number: number, resolve: (outcome: any) => void}} Waiting */

/** How long one turn of the event loop may be spent on what has finished; the rest has to wait for the next. */
const BUDGET_MS = 8;

/** An entry is headed by: operation, kind, and how many numbers, texts, blobs and bytes belong to it. */
const HEAD = 6;

/** How many numbers the page holds: the addon writes those of most loads there, after how many they are. */
const PAGE = 8192;

/** What the addon leaves out because it is empty; nobody writes to it. @type {any[]} */
const NONE = [];
const NO_BYTES = Buffer.alloc(0);

const environment = new native.NativeEnvironment(drain, constants.MAX_LENGTH);

const page = new Float64Array(PAGE);
const fetch = environment.fetcher(page);

/** The texts of a load that has only one. */
const only = [''];

/** One object for all loads: nothing of it is kept. @type {Load} */
const load = { values: page, texts: NONE, blobs: NONE, bytes: NO_BYTES, value: 0, text: 0, blob: 0, byte: 0 };

/** @type {import('./pending').Pending<Waiting>} */
const pending = new Pending();

/** @typedef {(event: string, payload: Buffer) => void} Sink takes an event's JSON, and the BSON that it comes with */

/** @type {Map<number, Sink>} */
const sinks = new Map();

let lastHandle = 0;

/** A number for an operation, cursor, session, stream or client; none is used twice. */
function nextHandle() {
  lastHandle += 1;
  return lastHandle;
}

/** The number that was given last. */
const latestHandle = () => lastHandle;

/**
 * How an operation that was just submitted ends: with a value or a `Failure`. It never rejects.
 * @param {number} operation
 * @param {import('../protocol/codec').Codec | null} codec
 * @param {any} bson
 * @param {number} cursor
 * @returns {Promise<any>}
 */
function outcomeOf(operation, codec, bson, cursor) {
  return new Promise((resolve) => {
    pending.add({ number: operation, resolve, codec, bson, cursor });
  });
}

/**
 * @param {number} client
 * @param {Sink} sink where its events go
 */
function listen(client, sink) {
  sinks.set(client, sink);
}

/** @param {number} client */
function unlisten(client) {
  sinks.delete(client);
}

/** The definition of a shape that a packed batch named. */
const shape = environment.shape.bind(environment);

/** Fetches what has finished. The addon calls this once for all that finishes until nothing is left. */
function drain() {
  const end = performance.now() + BUDGET_MS;
  for (let fetched = fetch(); fetched !== null; fetched = fetch()) {
    take(fetched);
    if (performance.now() > end) {
      setImmediate(drain);
      return;
    }
  }
}

/** @param {true | string | [Float64Array | null, string[] | null, Buffer[] | null, Buffer | null]} fetched */
function take(fetched) {
  if (typeof fetched === 'object') {
    const [values, texts, blobs, bytes] = fetched;
    load.texts = texts ?? NONE;
    load.blobs = blobs ?? NONE;
    load.bytes = bytes ?? NO_BYTES;
    if (values === null) deliver(page, 1, page[0] + 1);
    else deliver(values, 0, values.length);
    load.blobs = NONE;
    load.bytes = NO_BYTES;
  } else {
    only[0] = fetched === true ? '' : fetched;
    load.texts = only;
    deliver(page, 1, page[0] + 1);
    only[0] = '';
  }
  load.texts = NONE;
  load.values = page;
}

/**
 * @param {Float64Array} values
 * @param {number} from
 * @param {number} to
 */
function deliver(values, from, to) {
  load.values = values;
  load.text = 0;
  load.blob = 0;
  load.byte = 0;
  for (let head = from; head < to; ) {
    load.value = head + HEAD;
    const operation = values[head];
    if (operation === 0) tell(load, values[head + 5]);
    else settle(operation, values[head + 1], load);
    load.text += values[head + 3];
    load.blob += values[head + 4];
    load.byte += values[head + 5];
    head += HEAD + values[head + 2];
  }
}

/**
 * @param {number} operation
 * @param {number} kind
 * @param {Load} load
 */
function settle(operation, kind, load) {
  const waiting = pending.take(operation);
  if (waiting !== undefined) waiting.resolve(readOutcome(kind, load, waiting));
}

/**
 * Listeners run on their own, so that what they throw is an uncaught exception like any other and disturbs nobody here.
 * @param {Load} load
 * @param {number} size of what comes with it
 */
function tell({ values, value, texts, text, bytes, byte }, size) {
  const sink = sinks.get(values[value]);
  if (sink === undefined) return;
  const event = texts[text];
  const payload = size === 0 ? NO_BYTES : bytes.subarray(byte, byte + size);
  queueMicrotask(() => sink(event, payload));
}

module.exports = { environment, latestHandle, listen, nextHandle, outcomeOf, shape, unlisten };
