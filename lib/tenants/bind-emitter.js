'use strict';

const { currentStore, runWith } = require('./context');

/** The context of an emitter's listeners. */
const STORE = Symbol('polymongo#store');

/**
 * Lets the listeners of a request or a response run in the context of the running code: Node emits their events from the
 * socket, which may serve many requests.
 * @param {any} emitter
 */
function bindEmitter(emitter) {
  if (typeof emitter?.emit !== 'function') return;
  const isBound = Object.hasOwn(emitter, STORE);
  Object.defineProperty(emitter, STORE, { value: currentStore(), configurable: true });
  if (isBound) return;
  const { emit } = emitter;
  Object.defineProperty(emitter, 'emit', {
    value: (/** @type {any[]} */ ...args) =>
      runWith(emitter[STORE], () => Reflect.apply(emit, emitter, args)),
    writable: true,
    configurable: true,
  });
}

exports.bindEmitter = bindEmitter;
