'use strict';

/** How many operations have a place of their own; a power of two. */
const PLACES = 4096;

/**
 * What waits for the end of operations, by their numbers.
 *
 * A `Map` would be shorter, but each time one of so many comings and goings makes its table anew, the old table points to
 * the new one and keeps its own entries. Once one of these tables is in the old generation, all that follow survive every
 * scavenge, together with the results that their entries lead to: most of what is read would then wait for a full
 * collection.
 *
 * @template {{operation: number}} Waiting
 */
class Pending {
  /**
   * Numbers follow one another, so that who comes to a place that is taken finds somebody who has waited long.
   * @type {(Waiting | undefined)[]}
   */
  #places = new Array(PLACES).fill(undefined);
  /** Those who had to leave their place. @type {Map<number, Waiting>} */
  #long = new Map();

  /** @param {Waiting} waiting */
  add(waiting) {
    const place = waiting.operation & (PLACES - 1);
    const before = this.#places[place];
    if (before !== undefined) this.#long.set(before.operation, before);
    this.#places[place] = waiting;
  }

  /**
   * @param {number} operation
   * @returns {Waiting | undefined} who is then not there any more
   */
  take(operation) {
    const place = operation & (PLACES - 1);
    const waiting = this.#places[place];
    if (waiting !== undefined && waiting.operation === operation) {
      this.#places[place] = undefined;
      return waiting;
    }
    const long = this.#long.get(operation);
    if (long !== undefined) this.#long.delete(operation);
    return long;
  }
}

exports.Pending = Pending;
