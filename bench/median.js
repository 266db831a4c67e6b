'use strict';

/** The middle one; of an even number, the upper of the two. @param {number[]} list */
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

module.exports = { median };
