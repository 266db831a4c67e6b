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

const INSERT_MANY = { useErrorHandlers: true, numCallbackParams: 1 };

/**
 * Mongoose 8 wraps `insertMany` and every hooked static once around the model it compiles, so inherited ones would work
 * on the original's connection. These are the same, around the model they are called on. Mongoose 9 goes by `this` and
 * needs none.
 *
 * @param {any} original
 * @returns {Record<string, (receiver: any, args: any[]) => any>}
 */
function hookedStatics(original) {
  if (!Object.hasOwn(original, '$__insertMany')) return {};
  const { hooks } = original.schema.s;
  const ofStatics = hooks.filter((hook) =>
    MIDDLEWARE.has(hook.name) ? Boolean(hook.model) : hook.model !== false,
  );
  /** @type {Record<string, (receiver: any, args: any[]) => any>} */
  const statics = {
    $__insertMany(receiver, args) {
      const { $__insertMany } = original.base.Model;
      return hooks.createWrapper('insertMany', $__insertMany, receiver, INSERT_MANY).apply(receiver, args);
    },
  };
  for (const [name, implementation] of Object.entries(original.schema.statics)) {
    if (ofStatics.hasHooks(name))
      statics[name] = (receiver, args) => run(ofStatics, name, implementation, receiver, args);
  }
  return statics;
}

/**
 * @param {any} hooks
 * @param {string} name
 * @param {any} implementation
 * @param {any} receiver
 * @param {any[]} args
 */
function run(hooks, name, implementation, receiver, args) {
  const callback = typeof args.at(-1) === 'function' ? args.pop() : null;
  const outcome = new Promise((resolve, reject) => {
    hooks.execPre(name, receiver, args, (refusal) => {
      if (refusal != null) return reject(refusal);
      let finished = false;
      const finish = (failure, result) => {
        if (finished) return;
        finished = true;
        if (failure != null) return reject(failure);
        hooks.execPost(name, receiver, [result], (error) =>
          error == null ? resolve(result) : reject(error),
        );
      };
      try {
        const returned = implementation.apply(receiver, [...args, finish]);
        if (typeof returned?.then === 'function') returned.then((result) => finish(null, result), finish);
      } catch (error) {
        reject(error);
      }
    });
  });
  if (callback === null) return outcome;
  outcome.then((result) => callback(null, result), callback);
}

module.exports = { hookedStatics };
