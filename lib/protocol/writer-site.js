'use strict';

/**
 * Writes a value whose key stands before `at` already, and its type to the byte at `type`. The answer is where it ends;
 * that is `type` if there is nothing to write after all, so that the key is written over; and -1 for a value of another
 * kind than it writes.
 *
 * @typedef {(type: number, at: number, value: any) => number} Write
 */

/** A place where documents were written before, and what wrote the last of them: it may well do for the next. */
class Site {
  /** @param {boolean} [array] a place of an array's elements, where `undefined` is written under any options */
  constructor(array = false) {
    this.array = array;
    /** @type {Write | null} */
    this.write = null;
    /** @type {Site | null} */
    this.items = null;
  }

  /** The place of the elements of the arrays that are written here. */
  get elements() {
    this.items ??= new Site(true);
    return this.items;
  }
}

exports.Site = Site;
