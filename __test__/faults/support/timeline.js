'use strict';

/** When operations were under way, and what went wrong with those that were not acknowledged. */
class Timeline {
  /** In the order of their acknowledgement. @type {{name: string, from: number, to: number}[]} */
  #acknowledged = [];
  /** @type {{at: number, error: any}[]} */
  errors = [];
  /** @type {Set<string>} What is under way. */
  pending = new Set();
  operations = 0;

  /**
   * Runs one operation; resolves with whether it was acknowledged.
   * @param {string} name
   * @param {() => Promise<unknown>} operation
   */
  async record(name, operation) {
    const from = performance.now();
    this.operations++;
    this.pending.add(name);
    try {
      await operation();
      this.#acknowledged.push({ name, from, to: performance.now() });
      return true;
    } catch (error) {
      this.errors.push({ at: performance.now(), error });
      return false;
    } finally {
      this.pending.delete(name);
    }
  }

  /** The longest time without any acknowledgement, of what lies after `since`, in milliseconds. */
  longestStall(since = 0) {
    const times = this.#acknowledged.map(({ to }) => to);
    const stalls = times.slice(1).map((to, index) => to - Math.max(times[index], since));
    return Math.max(0, ...stalls);
  }

  /** The operation that took longest, in milliseconds, of what lies after `since`. */
  slowest(since = 0) {
    const took = ({ from, to }) => to - Math.max(from, since);
    const [first, ...others] = this.#acknowledged;
    const found = others.reduce((most, one) => (took(one) > took(most) ? one : most), first);
    return found && { name: found.name, ms: took(found) };
  }

  acknowledgedSince(since) {
    return this.#acknowledged.filter(({ to }) => to >= since).length;
  }
}

module.exports = { Timeline };
