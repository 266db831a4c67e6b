'use strict';

/**
 * The discriminator a new document names by its key or value, or null for the model itself.
 * @param {any} model
 * @param {any} doc
 */
function discriminatorFor(model, doc) {
  const value = doc?.[model.schema.options.discriminatorKey];
  if (value == null) return null;
  const { discriminators } = model;
  if (Object.hasOwn(discriminators, value)) return discriminators[value];
  for (const name of Object.keys(discriminators)) {
    if (isSameValue(discriminators[name].schema.discriminatorMapping?.value, value))
      return discriminators[name];
  }
  return null;
}

/** What Mongoose counts as equal here. @param {any} mine @param {any} given */
function isSameValue(mine, given) {
  if (typeof mine === 'string' || typeof mine === 'number') return mine === given;
  return mine?._bsontype === 'ObjectId' && given._bsontype === 'ObjectId' && String(mine) === String(given);
}

/**
 * The discriminators of a model of ours: those of the original, each made over when it is asked for. The map is built
 * again when the original has got another one.
 *
 * @param {any} original
 * @param {(discriminator: any) => any} makeOver
 */
function mirrorDiscriminators(original, makeOver) {
  let count = -1;
  /** @type {any} */
  let mirror;
  return () => {
    if (original.discriminators == null) return undefined;
    const names = Object.keys(original.discriminators);
    if (names.length !== count) {
      count = names.length;
      mirror = {};
      for (const name of names) {
        Object.defineProperty(mirror, name, {
          enumerable: true,
          configurable: true,
          get: () => makeOver(original.discriminators[name]),
        });
      }
    }
    return mirror;
  };
}

module.exports = { discriminatorFor, mirrorDiscriminators };
