'use strict';

/** Whether Mongoose's option is as it is for the call that is being made only. */
let spared = false;

/** The query that JavaScript itself executes, because it was awaited. */
let awaited = null;

/** No frame of the user's is on the stack then: it would say the same for all of them. */
const AWAITED = 'Error: it was awaited, and JavaScript does not say where. Call exec() there to be told';

const { toString: sourceOf } = Function.prototype;

/**
 * Mongoose 8 writes the stack of every execution of a query as text, for the error of one that is executed twice: more
 * than half of what a small query costs. Queries of this class keep the stack as the engine of JavaScript took it, and
 * write it when that error is made; of one that is awaited, which has no frame of the user, they take none. Mongoose 9
 * keeps none at all.
 *
 * @param {any} original the user's model
 */
function executedQuery(original) {
  const { base, Query } = original;
  /** @this {any} */
  function ExecutedQuery(...args) {
    Query.apply(this, args);
  }
  Object.setPrototypeOf(ExecutedQuery, Query);
  ExecutedQuery.prototype = Object.create(Query.prototype, {
    // biome-ignore lint/suspicious/noThenProperty: a query of Mongoose has one
    then: { value: then, writable: true, configurable: true },
    exec: { value: exec, writable: true, configurable: true },
  });
  return ExecutedQuery;

  /** @this {any} */
  function then(...callbacks) {
    if (!isOfPromise(callbacks[0])) return Query.prototype.then.apply(this, callbacks);
    awaited = this;
    try {
      return Query.prototype.then.apply(this, callbacks);
    } finally {
      awaited = null;
    }
  }

  /** @this {any} */
  function exec(...args) {
    const first = this._executionStack;
    if (first instanceof Error) this._executionStack = first.stack;
    const { options } = base;
    const asked = options.skipOriginalStackTraces;
    if (first != null || (asked && !spared)) return Query.prototype.exec.apply(this, args);

    const outer = spared;
    const stack = awaited === this ? AWAITED : new Error();
    options.skipOriginalStackTraces = spared = true;
    try {
      return Query.prototype.exec.apply(this, args);
    } finally {
      options.skipOriginalStackTraces = asked;
      spared = outer;
      // Where `exec` is the user's, Mongoose's own may come later.
      if (this._executionStack === true) this._executionStack = stack;
    }
  }
}

/** Whether JavaScript has made it for a promise that waits. */
function isOfPromise(callback) {
  return (
    typeof callback === 'function' &&
    callback.name === '' &&
    sourceOf.call(callback) === 'function () { [native code] }'
  );
}

/**
 * @param {any} original the user's model
 */
function writesStacks(original) {
  return '_executionStack' in new original.Query();
}

module.exports = { executedQuery, writesStacks };
