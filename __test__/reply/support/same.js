'use strict';

const assert = require('node:assert');
const { inspect } = require('node:util');

const EVERYTHING = { depth: null, maxArrayLength: null, maxStringLength: null, breakLength: Infinity };

/** Equal in values, classes and prototypes, and in the order of keys. */
function assertSame(actual, expected) {
  assert.deepStrictEqual(actual, expected);
  assert.strictEqual(inspect(actual, EVERYTHING), inspect(expected, EVERYTHING));
}

/** What a function returns, or the error it throws. */
function outcome(run) {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

module.exports = { assertSame, outcome };
