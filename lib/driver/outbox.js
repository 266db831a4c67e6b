'use strict';

const native = require('../native');
const { readOutcome } = require('./outcome');

/** @typedef {import('./outcome').Load} Load */
/** @typedef {import('./outcome').Reading} Reading */
/** @typedef {Reading & {resolve: (outcome: any) => void}} Pending */

/** How long one turn of the event loop may be spent on what has finished; the rest has to wait for the next. */
const BUDGET_MS = 8;

/** An entry is headed by: operation, kind, and how many numbers, texts, blobs and bytes belong to it. */
const HEAD = 6;

/** What the addon leaves out because it is empty; nobody writes to it. @type {any[]} */
const NONE = [];

const EMPTY = Buffer.alloc(0);

const environment = new native.NativeEnvironment(drain);

/** @type {Map<number, Pending>} */
const pending = new Map();

/** @typedef {(event: string, payload: Buffer) => void} Sink takes an event's JSON, and the BSON that it comes with */

/** @type {Map<number, Sink>} */
const sinks = new Map();

let lastHandle = 0;

/** A number for an operation, cursor, session, stream or client; none is used twice. */
function nextHandle() {
  lastHandle += 1;
  return lastHandle;
}

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
    pending.set(operation, { resolve, codec, bson, cursor });
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
  for (let parts = environment.drain(); parts !== null; parts = environment.drain()) {
    deliver(parts);
    if (performance.now() > end) {
      setImmediate(drain);
      return;
    }
  }
}

/** @param {any} parts */
function deliver([values, texts, blobs, bytes]) {
  const load = {
    values,
    texts: texts ?? NONE,
    blobs: blobs ?? NONE,
    bytes,
    value: 0,
    text: 0,
    blob: 0,
    byte: 0,
  };
  for (let head = 0; head < values.length; ) {
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
  const waiting = pending.get(operation);
  if (waiting === undefined) return;
  pending.delete(operation);
  waiting.resolve(readOutcome(kind, load, waiting));
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
  const payload = size === 0 ? EMPTY : bytes.subarray(byte, byte + size);
  queueMicrotask(() => sink(event, payload));
}

module.exports = { environment, listen, nextHandle, outcomeOf, shape, unlisten };
