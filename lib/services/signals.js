'use strict';

const { constants } = require('node:os');
const { isMainThread } = require('node:worker_threads');

/** Two copies of the package in one process share one registry, so that a signal is handled once. */
const KEY = Symbol.for('polymongo.signals');
const DEFAULT_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGUSR2'];

/** @typedef {{closeAll(): Promise<unknown>}} Closer */

/** Listeners of the package signal-exit wait until they are the last ones: they need nothing from us. */
function passiveListeners() {
  const emitters = [
    /** @type {any} */ (process).__signal_exit_emitter__,
    /** @type {any} */ (globalThis)[Symbol.for('signal-exit emitter')],
  ];
  return emitters.reduce((sum, emitter) => sum + (typeof emitter?.count === 'number' ? emitter.count : 0), 0);
}

const TURNS = 10;

/** What was answered last is still on its way through Mongoose and the application. */
async function lastWords() {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

class SignalRegistry {
  /** @type {Map<string, Set<WeakRef<Closer>>>} */
  #closers = new Map();
  /** @type {Map<string, () => void>} */
  #handlers = new Map();
  #draining = false;
  #waitsForExit = false;

  /** @param {string} signal @param {WeakRef<Closer>} closer */
  add(signal, closer) {
    const closers = this.#closers.get(signal) ?? new Set();
    this.#closers.set(signal, closers.add(closer));
    if (this.#handlers.has(signal)) return;
    const handler = () => this.#handle(signal);
    this.#handlers.set(signal, handler);
    process.on(signal, handler);
  }

  /** @param {string} signal @param {WeakRef<Closer>} closer */
  remove(signal, closer) {
    this.#closers.get(signal)?.delete(closer);
    if (!this.#draining && this.#closers.get(signal)?.size === 0) this.#unlisten(signal);
  }

  /** @param {string} signal */
  #unlisten(signal) {
    const handler = this.#handlers.get(signal);
    this.#handlers.delete(signal);
    if (handler) process.removeListener(signal, handler);
  }

  /** @param {string} signal */
  #handle(signal) {
    if (this.#draining) this.#raise(signal);
    else if (process.listenerCount(signal) - 1 - passiveListeners() > 0) this.#closeAtExit(signal);
    else this.#drain(signal);
  }

  /** The application handles the signal itself and may still need its databases. @param {string} signal */
  #closeAtExit(signal) {
    if (this.#waitsForExit) return;
    this.#waitsForExit = true;
    process.once('beforeExit', () => this.#closeAll(signal));
  }

  /** @param {string} signal */
  async #drain(signal) {
    this.#draining = true;
    await this.#closeAll(signal);
    await lastWords();
    if (this.#draining) this.#raise(signal);
  }

  /** @param {string} signal */
  async #closeAll(signal) {
    const closers = [...(this.#closers.get(signal) ?? [])].map((reference) => reference.deref());
    await Promise.allSettled(closers.map((closer) => closer?.closeAll()));
  }

  /** Without our handlers the signal does what it does by default: it ends the process. @param {string} signal */
  #raise(signal) {
    this.#draining = false;
    for (const name of [...this.#handlers.keys()]) this.#unlisten(name);
    // The first process of a container ignores signals that it raises itself.
    const alone = process.listenerCount(signal) - passiveListeners() <= 0;
    if (process.pid === 1 && alone)
      process.exit(128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)]);
    process.kill(process.pid, signal);
  }
}

/** @returns {SignalRegistry} */
function registry() {
  const holder = /** @type {any} */ (globalThis);
  holder[KEY] ??= new SignalRegistry();
  return holder[KEY];
}

/**
 * Has a wrapper closed when the process is told to end.
 * @param {boolean | string[]} signals  The option `handleSignals`
 * @param {Closer} closer  Held weakly
 * @returns {() => void} undoes it
 */
function handleSignals(signals, closer) {
  const names = signals === true ? DEFAULT_SIGNALS : signals || [];
  const usable = isMainThread ? names.filter((name) => name in constants.signals) : [];
  const reference = new WeakRef(closer);
  for (const name of usable) registry().add(name, reference);
  return () => {
    for (const name of usable) registry().remove(name, reference);
  };
}

module.exports = { handleSignals };
