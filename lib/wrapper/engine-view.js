'use strict';

const { latestHandle } = require('../driver/outbox');
const { Pending } = require('../driver/pending');
const { PolyMongoError } = require('../error');

/** What starts work; in a session it may belong to a transaction that is allowed to finish. */
const STARTS = ['command', 'openCursor', 'openStream'];
/** What goes on with work that was started. */
const CONTINUES = ['nextBatch', 'commitTransaction', 'abortTransaction'];

const closed = () =>
  new PolyMongoError('The wrapper is closed; call connect() to open it again', { code: 'WRAPPER_CLOSED' });

/** Every method and accessor of an engine, bound to it: the engine's own state is private to it. @param {any} engine */
function boundMembers(engine) {
  /** @type {PropertyDescriptorMap} */
  const members = {};
  // Up to what every object has; which object that is depends on the realm.
  for (
    let level = Object.getPrototypeOf(engine);
    Object.getPrototypeOf(level);
    level = Object.getPrototypeOf(level)
  ) {
    for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name === 'constructor' || Object.hasOwn(members, name)) continue;
      members[name] =
        typeof value === 'function'
          ? { value: value.bind(engine), writable: true, configurable: true }
          : { get: get ? () => engine[name] : () => value, configurable: true };
    }
  }
  return members;
}

/**
 * One wrapper's sight of an engine that several wrappers may share: the same methods, and a door that can be held shut
 * for this wrapper alone.
 */
class EngineView {
  #engine;
  #view;
  #bound;
  /**
   * How each is refused, and its number in the engine.
   * @type {import('../driver/pending').Pending<{number: number, refuse: (error: Error) => void, operation: number}>}
   */
  #pending = new Pending();
  #counted = 0;
  /** @type {Set<number>} */
  #sessions = new Set();
  /** Whether work is counted; null while the door is not open. @type {boolean | null} */
  #counts = null;

  /** @param {any} engine @param {import('./database-names').DatabaseNames} names */
  constructor(engine, names) {
    this.#engine = engine;
    this.#bound = boundMembers(engine);
    const send = /** @type {any} */ (this.#bound.command.value);
    this.#bound.command.value = (
      /** @type {string} */ db,
      /** @type {any} */ body,
      /** @type {any} */ op,
    ) => {
      const reply = send(db, body, op);
      return op.read || op.session || names.isCertain(db) ? reply : names.learn(db, reply);
    };
    this.#view = Object.create(engine, this.#bound);
  }

  /** What the layers below take for the engine. @returns {any} */
  get engine() {
    return this.#view;
  }

  /** Lets everything through at no cost. */
  open() {
    this.#counts = false;
    for (const name of [...STARTS, ...CONTINUES, 'startSession', 'endSession'])
      this.#view[name] = this.#bound[name].value;
  }

  /** From now on another wrapper uses the engine too. */
  share() {
    if (this.#counts === false) this.openCounted();
  }

  /** Lets everything through and remembers it, so that one of several wrappers can wait for its own work. */
  openCounted() {
    this.#counts = true;
    for (const name of [...STARTS, ...CONTINUES]) {
      const send = /** @type {any} */ (this.#bound[name].value);
      this.#view[name] = (/** @type {any[]} */ ...parts) => this.#count(() => send(...parts));
    }
    this.#view.startSession = (/** @type {any} */ options) => {
      const session = this.#engine.startSession(options);
      this.#sessions.add(session);
      return session;
    };
    this.#view.endSession = (/** @type {number} */ session) => {
      this.#sessions.delete(session);
      return this.#engine.endSession(session);
    };
  }

  /**
   * Holds everything back until a check has passed; what came before it is then let through in order.
   * @param {() => Promise<void>} check
   */
  gate(check) {
    this.#counts = null;
    for (const name of [...STARTS, ...CONTINUES]) {
      const send = /** @type {any} */ (this.#bound[name].value);
      this.#view[name] = async (/** @type {any[]} */ ...parts) => {
        await check();
        return send(...parts);
      };
    }
  }

  /** Refuses new work. What belongs to a session is left to the engine, which lets open transactions finish. */
  shut() {
    this.#counts = null;
    for (const name of STARTS) {
      const send = this.#view[name];
      const position = name === 'openStream' ? 1 : 2;
      this.#view[name] = (/** @type {any[]} */ ...parts) =>
        parts[position]?.session || parts[0]?.session ? send(...parts) : Promise.reject(closed());
    }
    this.#refuseSessions();
  }

  #refuseSessions() {
    this.#view.startSession = () => {
      throw closed();
    };
  }

  /** Refuses everything. */
  shutFirmly() {
    this.#counts = null;
    for (const name of [...STARTS, ...CONTINUES]) this.#view[name] = () => Promise.reject(closed());
    this.#refuseSessions();
  }

  /**
   * Waits for the counted work and cancels what is left.
   * @param {number} timeoutMS
   * @returns {Promise<{drained: number, cancelled: number}>}
   */
  async drain(timeoutMS) {
    const running = this.#pending.size;
    const deadline = Date.now() + timeoutMS;
    while (this.#pending.size > 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, Math.min(10, deadline - Date.now())));
    const cancelled = this.#pending.size;
    for (const { refuse, operation } of this.#pending.takeAll()) {
      refuse(closed());
      // The server need not finish what nobody waits for.
      this.#engine.cancel(operation);
    }
    await Promise.allSettled([...this.#sessions].map((session) => this.#engine.endSession(session)));
    this.#sessions.clear();
    return { drained: running - cancelled, cancelled };
  }

  /** @param {() => Promise<any>} send */
  #count(send) {
    // An operation takes the next number when it is sent, at once unless another is just being encoded.
    const next = latestHandle() + 1;
    const work = send();
    const operation = latestHandle() >= next ? next : 0;
    return new Promise((resolve, reject) => {
      this.#counted += 1;
      const number = this.#counted;
      this.#pending.add({ number, refuse: reject, operation });
      work.then(resolve, reject).finally(() => this.#pending.take(number));
    });
  }
}

exports.EngineView = EngineView;
