'use strict';

/** Whether Mongoose's option is as it is for the call that is being made only. */
let spared = false;

/**
 * Mongoose 8 writes the stack of every execution of a query as text, for the error of one that is executed twice: more
 * than half of what a small query costs. Queries of this class keep the stack as the engine of JavaScript took it, and
 * write it when that error is made. Mongoose 9 keeps none.
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
    exec: { value: exec, writable: true, configurable: true },
  });
  return ExecutedQuery;

  /** @this {any} */
  function exec(...args) {
    const first = this._executionStack;
    if (first instanceof Error) this._executionStack = first.stack;
    const { options } = base;
    const asked = options.skipOriginalStackTraces;
    if (first != null || (asked && !spared)) return Query.prototype.exec.apply(this, args);

    const outer = spared;
    const stack = new Error();
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

/**
 * @param {any} original the user's model
 */
function writesStacks(original) {
  return '_executionStack' in new original.Query();
}

module.exports = { executedQuery, writesStacks };
