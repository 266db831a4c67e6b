'use strict';

/** How many have a place of their own; a power of two. */
const PLACES = 4096;

/**
 * Who waits for something, by a number that nobody else has.
 *
 * A `Map` would be shorter, but each time one of so many comings and goings makes its table anew, the old table points to
 * the new one and keeps its own entries. Once one of these tables is in the old generation, all that follow survive every
 * scavenge, together with the results that their entries lead to: most of what is read would then wait for a full
 * collection.
 *
 * @template {{number: number}} Waiting
 */
class Pending {
  /**
   * Numbers follow one another, so that who comes to a place that is taken finds somebody who has waited long.
   * @type {(Waiting | undefined)[]}
   */
  #places = new Array(PLACES).fill(undefined);
  /** Those who had to leave their place. @type {Map<number, Waiting>} */
  #long = new Map();
  #size = 0;

  get size() {
    return this.#size;
  }

  /** @param {Waiting} waiting */
  add(waiting) {
    const place = waiting.number & (PLACES - 1);
    const before = this.#places[place];
    if (before !== undefined) this.#long.set(before.number, before);
    this.#places[place] = waiting;
    this.#size += 1;
  }

  /**
   * @param {number} number
   * @returns {Waiting | undefined} who is then not there any more
   */
  take(number) {
    const place = number & (PLACES - 1);
    let waiting = this.#places[place];
    if (waiting !== undefined && waiting.number === number) this.#places[place] = undefined;
    else {
      waiting = this.#long.get(number);
      if (waiting === undefined) return undefined;
      this.#long.delete(number);
    }
    this.#size -= 1;
    return waiting;
  }

  /** Takes all of them, in no order. */
  takeAll() {
    const all = [...this.#long.values()];
    for (const waiting of this.#places) if (waiting !== undefined) all.push(waiting);
    this.#long.clear();
    this.#places.fill(undefined);
    this.#size = 0;
    return all;
  }
}

exports.Pending = Pending;
