'use strict';

/** Middleware names of Mongoose 8; a static of such a name has no hooks unless they say `model: true`. */
const MIDDLEWARE = new Set([
  ...['countDocuments', 'distinct', 'estimatedDocumentCount', 'find', 'findOne', 'findOneAndDelete'],
  ...[
    'findOneAndReplace',
    'findOneAndUpdate',
    'replaceOne',
    'updateMany',
    'updateOne',
    'deleteMany',
    'deleteOne',
  ],
  ...['validate', 'aggregate', 'bulkWrite', 'createCollection', 'insertMany', 'save', 'remove', 'init'],
]);

/**
 * Mongoose 8 wraps `insertMany` and every hooked static once around the model it compiles, so an inherited one would
 * work on the original's connection. Mongoose 9 goes by `this` and needs nothing.
 *
 * @param {any} original
 * @param {any} bound
 */
function bindHookedStatics(original, bound) {
  if (!Object.hasOwn(original, '$__insertMany')) return;
  bound.$__insertMany = original.schema.s.hooks.createWrapper(
    'insertMany',
    original.base.Model.$__insertMany,
    bound,
    { useErrorHandlers: true, numCallbackParams: 1 },
  );
  for (const name of hookedStatics(original)) bound[name] = hookedStatic(original, bound, name);
}

/**
 * The statics of the schema that Mongoose 8 ties to the compiled model.
 * @param {any} original
 * @returns {string[]}
 */
function hookedStatics(original) {
  if (!Object.hasOwn(original, '$__insertMany')) return [];
  const hooks = staticHooks(original);
  return Object.keys(original.schema.statics).filter((name) => hooks.hasHooks(name));
}

/** @param {any} original */
function staticHooks(original) {
  return original.schema.s.hooks.filter((hook) =>
    MIDDLEWARE.has(hook.name) ? Boolean(hook.model) : hook.model !== false,
  );
}

/**
 * What Mongoose 8 makes of a hooked static, with the bound model as `this`.
 *
 * @param {any} original
 * @param {any} bound
 * @param {string} name
 */
function hookedStatic(original, bound, name) {
  const hooks = staticHooks(original);
  const implementation = original.schema.statics[name];
  return (...args) => {
    const callback = typeof args.at(-1) === 'function' ? args.pop() : null;
    const outcome = new Promise((resolve, reject) => {
      hooks.execPre(name, bound, args, (refusal) => {
        if (refusal != null) return reject(refusal);
        let finished = false;
        const finish = (failure, result) => {
          if (finished) return;
          finished = true;
          if (failure != null) return reject(failure);
          hooks.execPost(name, bound, [result], (error) => (error == null ? resolve(result) : reject(error)));
        };
        try {
          const returned = implementation.apply(bound, [...args, finish]);
          if (typeof returned?.then === 'function') returned.then((result) => finish(null, result), finish);
        } catch (error) {
          reject(error);
        }
      });
    });
    if (callback === null) return outcome;
    outcome.then((result) => callback(null, result), callback);
  };
}

module.exports = { bindHookedStatics, hookedStatics };
