'use strict';

const { isWrapped, originalOf } = require('./originals');

/** Schemas whose refs are names already. @type {WeakSet<object>} */
const named = new WeakSet();

/** @typedef {(ref: any) => boolean} Known whether a wrapped model is one that its name leads to */

/**
 * `ref: OtherModel` names a class, and populating would use that class's own connection. Its name leads to the same
 * model there and to the bound one on a tenant's connection, so it takes the class's place in the schema.
 *
 * @param {any} original  the user's own model
 * @param {Known} isKnown
 */
function nameRefs(original, isKnown) {
  nameRefsIn(original.schema, original.db, isKnown);
}

/** @param {any} schema @param {any} source @param {Known} isKnown */
function nameRefsIn(schema, source, isKnown) {
  if (named.has(schema)) return;
  named.add(schema);
  schema.eachPath((_path, type) => {
    for (const part of partsOf(type)) {
      nameRef(part.options, source, isKnown);
      if (part.schema) nameRefsIn(part.schema, source, isKnown);
    }
  });
  for (const virtual of Object.values(schema.virtuals)) nameRef(virtual.options, source, isKnown);
}

/**
 * A schema type and what it holds: elements of arrays, values of maps. The names differ between Mongoose 8 and 9.
 * @param {any} type
 */
function* partsOf(type) {
  for (let part = type; part && typeof part === 'object'; ) {
    yield part;
    part = part.embeddedSchemaType ?? part.$embeddedSchemaType ?? part.caster ?? part.$__schemaType;
  }
}

/** @param {any} options @param {any} source @param {Known} isKnown */
function nameRef(options, source, isKnown) {
  if (typeof options?.ref !== 'function') return;
  const model = originalOf(options.ref);
  const isHere = model.db === source && source.models[model.modelName] === model;
  if (isHere || (isWrapped(options.ref) && isKnown(options.ref))) options.ref = model.modelName;
}

module.exports = { nameRefs };
