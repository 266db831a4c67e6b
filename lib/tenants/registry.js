'use strict';

const USED = Symbol('polymongo#used');
const LOOKS = 64;

/**
 * Connections by database name. The most recently used ones are held strongly; older ones only as long as somebody
 * else holds them (a model, a document, a query), so whoever holds a tenant's model finds that very one again.
 *
 * Names come from users: `Map` keeps `__proto__` an ordinary name, and the limit keeps memory bounded.
 */
class Registry {
  /** @param {number} limit */
  constructor(limit) {
    this.limit = limit;
    /** @type {Map<string, any>} */
    this.held = new Map();
    /** @type {Map<string, WeakRef<any>>} */
    this.released = new Map();
    this.finalizer = new FinalizationRegistry((/** @type {string} */ name) => {
      if (this.released.get(name)?.deref() === undefined) this.released.delete(name);
    });
  }

  /** @param {string} name */
  get(name) {
    const connection = this.held.get(name);
    if (connection !== undefined) {
      connection[USED] = true;
      return connection;
    }
    return this.revive(name);
  }

  /** @param {unknown} name */
  has(name) {
    return this.held.has(/** @type {string} */ (name)) || this.released.has(/** @type {string} */ (name));
  }

  /** @param {string} name */
  revive(name) {
    const connection = this.released.get(name)?.deref();
    if (connection === undefined) return undefined;
    this.released.delete(name);
    this.add(name, connection);
    return connection;
  }

  /**
   * @param {string} name
   * @param {any} connection
   */
  add(name, connection) {
    connection[USED] = true;
    this.held.set(name, connection);
    if (this.held.size > this.limit) this.evict();
  }

  /**
   * Second chance: what was used since the last look goes to the end of the queue, within a few looks. Whatever has
   * listeners stays, or they would fall silent.
   */
  evict() {
    for (let looks = LOOKS; looks > 0 && this.held.size > this.limit; looks--) {
      const [name, connection] = /** @type {[string, any]} */ (this.held.entries().next().value);
      this.held.delete(name);
      if (connection.eventNames().length > 0 || (connection[USED] && looks > 1)) {
        connection[USED] = false;
        this.held.set(name, connection);
      } else {
        this.weaken(name, connection);
      }
    }
  }

  /**
   * @param {string} name
   * @param {any} connection
   */
  weaken(name, connection) {
    this.released.set(name, new WeakRef(connection));
    this.finalizer.register(connection, name);
  }

  /**
   * Holds a connection no longer than others do.
   * @param {string} name
   * @returns {boolean} whether it was known
   */
  release(name) {
    const connection = this.held.get(name);
    if (connection === undefined) return this.released.has(name);
    this.held.delete(name);
    this.weaken(name, connection);
    return true;
  }

  /** @param {string} name */
  delete(name) {
    this.held.delete(name);
    this.released.delete(name);
  }

  /** Every connection that still exists. */
  *values() {
    yield* this.held.values();
    for (const reference of this.released.values()) {
      const connection = reference.deref();
      if (connection !== undefined) yield connection;
    }
  }
}

exports.Registry = Registry;
exports.USED = USED;
