'use strict';

const { inspect } = require('node:util');

/** Equal in values, classes, prototypes, and in the order and the nature of properties. */
function assertSame(actual, expected, path = '') {
  const differs = (what) => {
    throw new Error(`${path || 'the value'}: ${what}: ${inspect(actual)} instead of ${inspect(expected)}`);
  };
  if (typeof expected !== 'object' || expected === null) {
    if (!Object.is(actual, expected)) differs('another value');
    return;
  }
  if (typeof actual !== 'object' || actual === null) differs('another type');
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) differs('another class');
  if (Buffer.isBuffer(expected)) {
    if (!actual.equals(expected)) differs('other bytes');
    return;
  }
  if (Object.prototype.toString.call(actual) !== Object.prototype.toString.call(expected))
    differs('another kind');
  if (expected instanceof Date && !Object.is(actual.getTime(), expected.getTime())) differs('another time');
  if (expected instanceof RegExp && String(actual) !== String(expected)) differs('another expression');
  const keys = Reflect.ownKeys(expected);
  const actualKeys = Reflect.ownKeys(actual);
  if (actualKeys.length !== keys.length) differs('other keys');
  for (const [place, key] of keys.entries()) {
    if (actualKeys[place] !== key) differs('keys in another order');
    const property = Object.getOwnPropertyDescriptor(actual, key);
    const expectedProperty = Object.getOwnPropertyDescriptor(expected, key);
    for (const flag of ['enumerable', 'writable', 'configurable', 'get', 'set']) {
      if (property[flag] !== expectedProperty[flag]) differs(`another kind of property ${inspect(key)}`);
    }
    assertSame(property.value, expectedProperty.value, `${path}.${String(key)}`);
  }
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
