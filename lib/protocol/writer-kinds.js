'use strict';

const { toString: kindOf } = Object.prototype;

/**
 * Whether a value is what it looks like.
 * @param {any} value
 */
function isBare(value) {
  return (
    value.toBSON === undefined && value._bsontype === undefined && value[Symbol.toStringTag] === undefined
  );
}

/**
 * Whether an object without a BSON type is written as a document: one of a realm's built-in kinds is not, nor is one that
 * pretends to be.
 * @param {object} value
 */
function isOrdinary(value) {
  return (
    kindOf.call(value) === '[object Object]' &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof RegExp) &&
    !(value instanceof Map)
  );
}

/**
 * Whether a value is an array, or gives itself out as one.
 * @param {object} value
 */
function passesForArray(value) {
  return kindOf.call(value) === '[object Array]';
}

/** @type {any[]} */
const [text, number, boolean, bigint, symbol] = [String, Number, Boolean, BigInt, Symbol].map(
  (type) => type.prototype,
);

/** Whether somebody gave strings, numbers or the like a `toBSON()`. */
function primitivesHaveForms() {
  return (
    text.toBSON !== undefined ||
    number.toBSON !== undefined ||
    boolean.toBSON !== undefined ||
    bigint.toBSON !== undefined ||
    symbol.toBSON !== undefined
  );
}

module.exports = { isBare, isOrdinary, passesForArray, primitivesHaveForms };
