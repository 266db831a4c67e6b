'use strict';

const { originalOf } = require('./originals');

/** Schemas whose refs are names already. @type {WeakSet<object>} */
const named = new WeakSet();

/**
 * `ref: OtherModel` names a class, and populating would use that class's own connection. Its name leads to the same
 * model there and to the bound one on a tenant's connection, so it takes the class's place in the schema.
 *
 * @param {any} original  the user's own model
 */
function nameRefs(original) {
  nameRefsIn(original.schema, original.db);
}

/** @param {any} schema @param {any} source */
function nameRefsIn(schema, source) {
  if (named.has(schema)) return;
  named.add(schema);
  schema.eachPath((_path, type) => {
    for (const part of partsOf(type)) {
      nameRef(part.options, source);
      if (part.schema) nameRefsIn(part.schema, source);
    }
  });
  for (const virtual of Object.values(schema.virtuals)) nameRef(virtual.options, source);
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

/** @param {any} options @param {any} source */
function nameRef(options, source) {
  if (typeof options?.ref !== 'function') return;
  const model = originalOf(options.ref);
  if (model.db === source && source.models[model.modelName] === model) options.ref = model.modelName;
}

module.exports = { nameRefs };
