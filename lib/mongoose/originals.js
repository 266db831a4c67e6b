'use strict';

/** The user's own model behind each model of ours. @type {WeakMap<Function, any>} */
const originals = new WeakMap();

/** Models of ours that have no database of their own. @type {WeakSet<Function>} */
const wrapped = new WeakSet();

/**
 * The user's own model: the given one itself when it is not one of ours.
 * @param {any} model
 */
function originalOf(model) {
  return originals.get(model) ?? model;
}

/** @param {any} model @param {any} original */
function setOriginal(model, original) {
  originals.set(model, original);
}

/** @param {any} model @param {any} original */
function setWrapped(model, original) {
  originals.set(model, original);
  wrapped.add(model);
}

/**
 * Whether a model is one that `wrapModel` gave out, and not one that is bound to a database.
 * @param {any} model
 */
function isWrapped(model) {
  return wrapped.has(model);
}

/**
 * Whether a model of ours is bound to one database.
 * @param {any} model
 */
function isBound(model) {
  return originals.has(model) && !wrapped.has(model);
}

module.exports = { isBound, isWrapped, originalOf, setOriginal, setWrapped };
