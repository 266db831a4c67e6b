'use strict';

const { EncodedStatements, Statements } = require('./statements');
const { NOWHERE, bytes, view } = require('./writer-buffer');
const { documentWriterOf } = require('./writer-documents');
const { putIndex } = require('./writer-keys');
const { isBare, isOrdinary, passesForArray, primitivesHaveForms } = require('./writer-kinds');
const { libraryWriterOf } = require('./writer-library');
const { Site } = require('./writer-site');
const { statementsWriterOf } = require('./writer-statements');
const { typeWriterOf } = require('./writer-types');
const { TYPE, putBinary, putEnd, putNumber, putText, putTime } = require('./writer-values');

/** @typedef {import('./codec').Codec} Codec */
/** @typedef {import('./writer-library').WriteOptions} WriteOptions */

/** Deeper parts are the library's: there circles are found. */
const MOST_LEVELS = 32;

const { getTime } = Date.prototype;

/**
 * The writer of commands for one `BSON` library. Its bytes are those of `BSON.serialize`, and its errors too: it knows the
 * common kinds of values, and has the library write the others.
 *
 * @param {Codec} codec
 */
function createWriter(codec) {
  const { BSON } = codec;
  const { ObjectId } = BSON;
  // The first versions of the library had no such method.
  const knowsObjectIds = typeof ObjectId.prototype.serializeInto === 'function';
  const writeType = typeWriterOf(BSON);
  const writeByLibrary = libraryWriterOf(BSON);
  const writeStatements = statementsWriterOf(codec, putElement);
  const writeDocument = documentWriterOf(BSON, putOther, putCarefully);
  const top = new Site();
  /** @type {WriteOptions} */
  let options;
  /** Keys have to be checked, or strings and the like have a `toBSON()`. */
  let careful = false;
  let level = 0;

  /**
   * What is neither a string nor a number.
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @param {Site} site
   * @returns {number}
   */
  function putOther(type, at, value, site) {
    if (typeof value === 'boolean') {
      bytes[type] = TYPE.boolean;
      bytes[at] = value ? 1 : 0;
      return at + 1;
    }
    if (value === null) {
      bytes[type] = TYPE.null;
      return at;
    }
    if (typeof value === 'object') return putObject(type, at, value, site);
    if (typeof value === 'function') return putRare(type, at, value, site);
    return putConverted(type, at, value, site);
  }

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @param {Site} site
   * @returns {number}
   */
  function putObject(type, at, value, site) {
    if (site.write !== null && level < MOST_LEVELS) {
      level += 1;
      const end = site.write(type, at, value);
      level -= 1;
      if (end !== -1) return end;
    }
    if (value instanceof ObjectId) {
      if (knowsObjectIds && value._bsontype === 'ObjectId' && value.toBSON === undefined) {
        bytes[type] = TYPE.objectId;
        value.serializeInto(bytes, at);
        return at + 12;
      }
    } else if (value instanceof Date) {
      if (value.getTime === getTime && isBare(value)) {
        bytes[type] = TYPE.date;
        return putTime(at, value.getTime());
      }
    } else if (Array.isArray(value) && isBare(value)) return putArray(type, at, value, site);
    return putRare(type, at, value, site);
  }

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @param {Site} site
   * @returns {number}
   */
  function putRare(type, at, value, site) {
    if (value instanceof Statements || value instanceof EncodedStatements) {
      return writeStatements(type, at, value, site, options);
    }
    return putConverted(type, at, typeof value.toBSON === 'function' ? value.toBSON() : value, site);
  }

  /**
   * What is not asked for a `toBSON()` any more.
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @param {Site} site
   * @returns {number}
   */
  function putConverted(type, at, value, site) {
    switch (typeof value) {
      case 'string':
        bytes[type] = TYPE.string;
        return putText(at, value);
      case 'number':
        return putNumber(type, at, value);
      case 'boolean':
        return putOther(type, at, value, site);
      case 'bigint':
        bytes[type] = TYPE.int64;
        view.setBigInt64(at, value, true);
        return at + 8;
      case 'undefined':
        if (options.ignoreUndefined && !site.array) return type;
        return putOther(type, at, null, site);
      case 'symbol':
        return type;
      case 'function':
        return options.serializeFunctions ? putByLibrary(type, at, value) : type;
    }
    if (value === null) return putOther(type, at, value, site);
    if (value._bsontype != null) {
      const end = writeType(type, at, value);
      return end === -1 ? putByLibrary(type, at, value) : end;
    }
    if (isOrdinary(value)) return putDocument(type, at, value, site);
    if (passesForArray(value)) return putArray(type, at, value, site);
    if (value instanceof Uint8Array) {
      bytes[type] = TYPE.binary;
      return putBinary(at, 0, value);
    }
    return putByLibrary(type, at, value);
  }

  /**
   * @param {number} type
   * @param {number} start
   * @param {any[]} array
   * @param {Site} site
   * @returns {number}
   */
  function putArray(type, start, array, site) {
    if (level === MOST_LEVELS) return putByLibrary(type, start, array);
    bytes[type] = TYPE.array;
    const { elements } = site;
    let at = start + 4;
    level += 1;
    for (let i = 0; i < array.length; i++) at = putElement(at, i, array[i], elements);
    level -= 1;
    return putEnd(start, at);
  }

  /**
   * @param {number} type
   * @param {number} index
   * @param {any} value
   * @param {Site} site
   * @returns {number}
   */
  function putElement(type, index, value, site) {
    const at = putIndex(type + 1, index);
    if (careful) return putCarefully(type, at, value, site);
    if (typeof value === 'string') {
      bytes[type] = TYPE.string;
      return putText(at, value);
    }
    return typeof value === 'number' ? putNumber(type, at, value) : putOther(type, at, value, site);
  }

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @param {Site} site
   * @returns {number}
   */
  function putCarefully(type, at, value, site) {
    return value == null ? putConverted(type, at, value, site) : putRare(type, at, value, site);
  }

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @param {Site} site
   * @returns {number}
   */
  function putDocument(type, at, value, site) {
    if (level === MOST_LEVELS) return putByLibrary(type, at, value);
    level += 1;
    const end = writeDocument(type, at, value, site, options, careful);
    level -= 1;
    return end;
  }

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @returns {number}
   */
  function putByLibrary(type, at, value) {
    return writeByLibrary(type, at, value, options);
  }

  return {
    /**
     * @param {any} document
     * @param {WriteOptions} given
     * @returns {number} its size; -1 for what is no ordinary document, which the library then has to write
     */
    write(document, given) {
      if (document === null || typeof document !== 'object') return -1;
      options = given;
      careful = given.checkKeys || primitivesHaveForms();
      level = 0;
      if (top.write !== null && !careful) {
        const end = top.write(NOWHERE, 0, document);
        if (end !== -1) return end;
      }
      if (!isBare(document) || !isOrdinary(document)) return -1;
      return putDocument(NOWHERE, 0, document, top);
    },
  };
}

module.exports = { createWriter };
