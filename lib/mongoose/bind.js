'use strict';

const { bindHookedStatics } = require('./hooked-statics');
const { originalOf, setOriginal } = require('./originals');
const { nameRefs } = require('./refs');

/** Mongoose keeps these two private to its model file; one pair per copy of Mongoose. @type {WeakMap<object, any>} */
const privateKeys = new WeakMap();

/** @param {any} original */
function privateKeysOf(original) {
  const Model = original.base.Model;
  let keys = privateKeys.get(Model);
  if (keys === undefined) {
    keys = {};
    for (const key of symbolsAbove(original.prototype)) {
      if (key.description === 'mongoose#Model#db') keys.db = key;
      if (key.description === 'mongoose#Model#collection') keys.collection = key;
    }
    privateKeys.set(Model, keys);
  }
  return keys;
}

/** @param {object} prototype */
function* symbolsAbove(prototype) {
  for (let link = prototype; link && link !== Object.prototype; link = Object.getPrototypeOf(link)) {
    yield* Object.getOwnPropertySymbols(link);
  }
}

/**
 * The constructor of a bound model. Its own name shows in error messages, and `constructor.name === 'model'` means
 * something to Mongoose, so the original's name is kept.
 *
 * @param {any} original
 * @param {(model: any, doc: any) => any} discriminatorFor
 */
function constructorFor(original, discriminatorFor) {
  // `Reflect.construct` costs 5 µs a document, so it is kept for models that cannot be called.
  const bound = isClass(original)
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

/** @param {Function} model */
function isClass(model) {
  return /^class\b/.test(Function.prototype.toString.call(model));
}

/**
 * Binds a user's model to a connection: one thin subclass, nothing compiled again and nothing changed on the original.
 * Hooks, statics, methods, virtuals, query helpers and the schema are inherited.
 *
 * @param {any} parent the wrapped model, or the user's own
 * @param {any} connection
 * @param {{db?: (bound: any) => any, discriminatorFor: (model: any, doc: any) => any}} parts `db` makes what `Model.db`
 *   answers; the connection itself when absent
 */
function bind(parent, connection, { db, discriminatorFor }) {
  const original = originalOf(parent);
  const keys = privateKeysOf(original);
  const bound = /** @type {any} */ (constructorFor(original, discriminatorFor));
  const { prototype } = bound;
  const collection = connection.collection(original.collection.collectionName, original.collection.opts);
  // Own properties first and the chain after: on a wrapped parent these names are accessors.
  const database = db === undefined ? connection : db(bound);
  bound.db = prototype.db = database;
  prototype[keys.db] = connection;
  bound.collection = bound.$__collection = collection;
  prototype.collection = prototype.$collection = prototype[keys.collection] = collection;
  // `$init` of the original is a promise that never settles while its connection is never opened.
  bound.$init = undefined;
  Object.setPrototypeOf(bound, parent);
  Object.setPrototypeOf(prototype, parent.prototype);
  setOriginal(bound, original);
  bindHookedStatics(original, bound);
  nameRefs(original);
  return bound;
}

module.exports = { bind, isInstance, privateKeysOf };
