'use strict';

const { discriminatorFor } = require('./discriminators');
const { originalOf, setOriginal } = require('./originals');

/**
 * What all models bound to one original share.
 * @typedef {object} Blueprint
 * @property {boolean} isClass   an ES class cannot be called, only constructed
 * @property {{db: symbol, collection: symbol}} keys  of the properties that Mongoose keeps to its model file
 * @property {object} collectionOptions
 */

/** @type {WeakMap<Function, Blueprint>} */
const blueprints = new WeakMap();

/**
 * @param {any} original
 * @returns {Blueprint}
 */
function blueprintOf(original) {
  let blueprint = blueprints.get(original);
  if (blueprint === undefined) {
    blueprint = {
      isClass: /^class\b/.test(Function.prototype.toString.call(original)),
      keys: privateKeysOf(original),
      collectionOptions: Object.freeze({ ...original.collection.opts }),
    };
    blueprints.set(original, blueprint);
  }
  return blueprint;
}

/** @param {any} original */
function privateKeysOf(original) {
  /** @type {any} */
  const keys = {};
  for (let link = original.prototype; link && link !== Object.prototype; link = Object.getPrototypeOf(link)) {
    for (const key of Object.getOwnPropertySymbols(link)) {
      if (key.description === 'mongoose#Model#db') keys.db = key;
      if (key.description === 'mongoose#Model#collection') keys.collection = key;
    }
  }
  return keys;
}

/**
 * The constructor of a bound model. Its name shows in messages, and `constructor.name === 'model'` means something to
 * Mongoose, so the original's name is kept.
 *
 * @param {any} original
 * @param {boolean} isClass
 */
function constructorFor(original, isClass) {
  // `Reflect.construct` costs 5 µs a document, so it is kept for models that cannot be called.
  const bound = isClass
    ? /** @this {any} */ function model(doc, fields, skipId) {
        return Reflect.construct(original, [doc, fields, skipId], new.target ?? bound);
      }
    : /** @this {any} */ function model(doc, fields, skipId) {
        if (new.target === undefined && !isInstance(bound, this)) return new bound(doc, fields, skipId);
        if (original.discriminators != null) {
          const discriminator = discriminatorFor(bound, doc);
          if (discriminator !== null) return new discriminator(doc, fields, skipId);
        }
        original.call(this, doc, fields, skipId);
      };
  if (original.name !== 'model')
    Object.defineProperty(bound, 'name', { value: original.name, configurable: true });
  return bound;
}

/** @param {any} model @param {unknown} value */
function isInstance(model, value) {
  return Object.prototype.isPrototypeOf.call(model.prototype, /** @type {any} */ (value));
}

/**
 * Binds a user's model to a connection: one thin subclass, nothing compiled again and nothing changed on the original.
 * Hooks, statics, methods, virtuals, query helpers and the schema are inherited.
 *
 * @param {any} parent the wrapped model
 * @param {any} connection
 * @param {any} database what `Model.db` answers: the connection, or what stands for it
 */
function bind(parent, connection, database) {
  const original = originalOf(parent);
  const { collectionOptions, isClass, keys } = blueprintOf(original);
  const bound = /** @type {any} */ (constructorFor(original, isClass));
  const { prototype } = bound;
  const collection = connection.collection(original.collection.collectionName, collectionOptions);
  collection.modelName ??= original.modelName;
  // Own properties first and the chain after: on the parent these names are accessors.
  bound.db = prototype.db = database;
  prototype[keys.db] = connection;
  bound.collection = bound.$__collection = collection;
  prototype.collection = prototype.$collection = prototype[keys.collection] = collection;
  // `$init` of the original is a promise that never settles while its connection is never opened.
  bound.$init = undefined;
  Object.setPrototypeOf(bound, parent);
  Object.setPrototypeOf(prototype, parent.prototype);
  setOriginal(bound, original);
  return bound;
}

module.exports = { bind, blueprintOf, isInstance };
