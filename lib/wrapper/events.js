'use strict';

const { PolyMongoError } = require('../error');
const { nearestName } = require('../protocol/nearest-name');
const { received } = require('../protocol/option-values');
const { runWith } = require('../tenants/context');

/** What each name that may be listened to stands for. */
const EVENTS = new Map([
  ['connect', 'connect'],
  ['onDbConnect', 'connect'],
  ['disconnect', 'disconnect'],
  ['onDbDisconnect', 'disconnect'],
  ['error', 'error'],
]);

/** @typedef {{name: string, callback: Function, once: boolean}} Listener */

/** The listeners of one wrapper. Nothing that a listener does reaches the one who emits. */
class Events {
  /** @type {Map<string, Listener[]>} */
  #listeners = new Map();
  #logger;

  /** @param {{error: (message: string, details?: unknown) => void}} logger */
  constructor(logger) {
    this.#logger = logger;
  }

  /**
   * @param {string} name @param {Function} callback @param {boolean} [once]
   * @returns {() => void} removes this listener
   */
  add(name, callback, once = false) {
    const event = EVENTS.get(name);
    if (event === undefined) {
      const near = nearestName(String(name), EVENTS.keys());
      throw new PolyMongoError(
        `Unknown event ${JSON.stringify(String(name))}${near ? ` (did you mean "${near}"?)` : ''}: ` +
          `expected one of ${[...EVENTS.keys()].join(', ')}`,
        { code: 'UNKNOWN_EVENT' },
      );
    }
    if (typeof callback !== 'function') {
      throw new PolyMongoError(`The listener of "${name}" must be a function${received(callback)}`, {
        code: 'OPTION_INVALID',
      });
    }
    const listener = { name, callback, once };
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return () => this.#remove(event, listener);
  }

  /** Removes the newest listener with this callback. @param {string} name @param {Function} callback */
  remove(name, callback) {
    const event = EVENTS.get(name);
    if (event === undefined) return;
    const listener = this.#listeners
      .get(event)
      ?.findLast((known) => known.callback === callback && known.name === name);
    if (listener) this.#remove(event, listener);
  }

  /** @param {'connect' | 'disconnect' | 'error'} event */
  has(event) {
    return (this.#listeners.get(event)?.length ?? 0) > 0;
  }

  /** @param {'connect' | 'disconnect' | 'error'} event @param {Record<string, any>} payload */
  emit(event, payload) {
    for (const listener of this.#listeners.get(event) ?? []) {
      if (listener.once) this.#remove(event, listener);
      this.#call(listener, { name: listener.name, ...payload });
    }
  }

  /** @param {Listener} listener @param {Record<string, any>} payload */
  #call(listener, payload) {
    const report = (/** @type {unknown} */ error) =>
      this.#logger.error(`A listener of "${listener.name}" failed`, error);
    try {
      // The request that brought it about lends its tenant to nobody.
      const result = runWith(undefined, () => listener.callback(payload));
      if (typeof result?.then === 'function') result.then(undefined, report);
    } catch (error) {
      report(error);
    }
  }

  /** @param {string} event @param {Listener} listener */
  #remove(event, listener) {
    const others = (this.#listeners.get(event) ?? []).filter((known) => known !== listener);
    this.#listeners.set(event, others);
  }
}

exports.Events = Events;
