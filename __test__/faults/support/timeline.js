'use strict';

/** When operations were answered, and what went wrong with those that were not. */
class Timeline {
  #acknowledged = [];
  /** @type {{at: number, error: any}[]} */
  errors = [];
  /** The longest that one operation took, in milliseconds. */
  slowest = 0;
  /** @type {Set<string>} What is under way. */
  pending = new Set();
  operations = 0;

  /**
   * Runs one operation; resolves with whether it was acknowledged.
   * @param {string} name
   * @param {() => Promise<unknown>} operation
   */
  async record(name, operation) {
    const started = performance.now();
    this.operations++;
    this.pending.add(name);
    try {
      await operation();
      this.#acknowledged.push(performance.now());
      this.slowest = Math.max(this.slowest, performance.now() - started);
      return true;
    } catch (error) {
      this.errors.push({ at: performance.now(), error });
      return false;
    } finally {
      this.pending.delete(name);
    }
  }

  get acknowledged() {
    return this.#acknowledged.length;
  }

  /** The longest time without any acknowledgement, of what lies after `since`, in milliseconds. */
  longestStall(since = 0) {
    let longest = 0;
    for (let index = 1; index < this.#acknowledged.length; index++) {
      const [from, to] = [this.#acknowledged[index - 1], this.#acknowledged[index]];
      longest = Math.max(longest, to - Math.max(from, since));
    }
    return longest;
  }

  acknowledgedSince(since) {
    return this.#acknowledged.filter((at) => at >= since).length;
  }
}

module.exports = { Timeline };
