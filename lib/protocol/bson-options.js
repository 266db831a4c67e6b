'use strict';

/**
 * The BSON options of the official driver and their defaults. `checkKeys` is none of them: it is said by the operation.
 * @type {Readonly<Record<string, unknown>>}
 */
const DEFAULTS = Object.freeze({
  __proto__: null,
  raw: false,
  useBigInt64: false,
  promoteLongs: true,
  promoteValues: true,
  promoteBuffers: false,
  ignoreUndefined: false,
  bsonRegExp: false,
  serializeFunctions: false,
  fieldsAsRaw: Object.freeze({}),
  enableUtf8Validation: true,
});

const NAMES = Object.keys(DEFAULTS);

/**
 * The BSON options in force when `options` refine those of the parent.
 * @param {any} options an options object of a caller; own properties count
 * @param {Readonly<Record<string, unknown>>} [parent] complete options
 * @returns {Readonly<Record<string, unknown>>} `parent` itself when nothing changes
 */
function resolveBsonOptions(options, parent = DEFAULTS) {
  let resolved = parent;
  if (options == null) return resolved;
  for (const name of NAMES) {
    const value = Object.hasOwn(options, name) ? options[name] : undefined;
    if (value == null || value === resolved[name]) continue;
    if (resolved === parent) resolved = { ...parent };
    /** @type {any} */ (resolved)[name] = value;
  }
  return resolved;
}

/**
 * What the engine wants: null while every option has its default, for then replies come unpacked.
 * @param {import('./codec').Codec} codec
 * @param {Readonly<Record<string, unknown>>} resolved
 */
function forEngine(codec, resolved) {
  if (resolved.useBigInt64 && !(resolved.promoteLongs && resolved.promoteValues)) {
    // The library would say so as well, but of a write's reply, when the write is done.
    throw new codec.BSON.BSONError('Must either request bigint or Long for int64 deserialization');
  }
  return NAMES.every((name) => isDefault(name, resolved[name])) ? null : resolved;
}

/**
 * @param {string} name
 * @param {any} value
 */
function isDefault(name, value) {
  if (name === 'fieldsAsRaw') return value == null || Object.keys(value).length === 0;
  return value === DEFAULTS[name];
}

module.exports = { BSON_OPTION_NAMES: NAMES, resolveBsonOptions, forEngine };
