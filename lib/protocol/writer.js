'use strict';

const { ShapeTree } = require('./shape-tree');
const { EncodedStatements, Statements, StatementsSplit } = require('./statements');
const { compileShape } = require('./writer-shapes');
const {
  MAX_DOCUMENT_BYTES,
  TYPE,
  bytes,
  putBinary,
  putEnd,
  putIndex,
  putKey,
  putNumber,
  putText,
  putTime,
  putWords,
  view,
  CAPACITY,
} = require('./writer-values');

/** @typedef {import('./codec').Codec} Codec */

/**
 * Writes a value whose key stands before `at` already, and its type to the byte at `type`. The answer is where it ends;
 * that is `type` if there is nothing to write after all, so that the key is written over.
 *
 * @typedef {(type: number, at: number, value: any) => number} Write
 *
 * A place where documents were written before, and what wrote the last of them: it may well do for the next. `items` is
 * the place of an array's elements; an array is its own kind of place, where `undefined` is written under any options.
 *
 * @typedef {{write: Write | null, items: Site | null, array?: boolean}} Site
 *
 * @typedef {{key: string, size: number, words: number[], site: Site}} Field
 *
 * @typedef {object} WriteOptions
 * @property {boolean} checkKeys
 * @property {boolean} ignoreUndefined
 * @property {boolean} serializeFunctions
 */

/** Deeper parts are the library's: there circles are found. */
const MOST_LEVELS = 32;

/** Where the type of a whole document goes, which has none. */
const NOWHERE = CAPACITY - 1;

/** Keys that `checkKeys` lets pass. */
const EXEMPT = new Set(['$db', '$ref', '$id', '$clusterTime']);

const { toString: kindOf } = Object.prototype;
const { getTime } = Date.prototype;

/**
 * The writer of commands for one `BSON` library. Its bytes are those of `BSON.serialize`, and its errors too: it knows the
 * common kinds of values, and has the library write the others.
 *
 * @param {Codec} codec
 */
function createWriter(codec) {
  const { BSON } = codec;
  const { Binary, BSONError, Decimal128, Double, Int32, Long, ObjectId } = BSON;
  // The first versions of the library had no such method.
  const knowsObjectIds = typeof ObjectId.prototype.serializeInto === 'function';
  const tree = new ShapeTree((fields) => compileShape(fields, putOther));
  /** @type {Site} */
  const top = { write: null, items: null };
  /** Where nothing is remembered. @type {Site} */
  const stray = { write: null, items: null };
  stray.items = { write: null, items: null, array: true };
  stray.items.items = stray.items;
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
    if (value instanceof Statements) return putStatements(type, at, value, site);
    if (value instanceof EncodedStatements) {
      bytes[type] = TYPE.array;
      bytes.set(value.bytes, at);
      return at + value.bytes.length;
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
        if (options.ignoreUndefined && site.array !== true) return type;
        return putOther(type, at, null, site);
      case 'symbol':
        return type;
      case 'function':
        return options.serializeFunctions ? putByLibrary(type, at, value) : type;
    }
    if (value === null) return putOther(type, at, value, site);
    if (value._bsontype != null) return putTyped(type, at, value);
    if (isOrdinary(value)) return putDocument(type, at, value, site);
    if (kindOf.call(value) === '[object Array]') return putArray(type, at, value, site);
    if (value instanceof Uint8Array) {
      bytes[type] = TYPE.binary;
      return putBinary(at, 0, value);
    }
    return putByLibrary(type, at, value);
  }

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} value of a BSON type, of this library or not
   * @returns {number}
   */
  function putTyped(type, at, value) {
    const name = value._bsontype;
    if (name === 'Decimal128' && value instanceof Decimal128) {
      bytes[type] = TYPE.decimal128;
      bytes.set(value.bytes.subarray(0, 16), at);
      return at + 16;
    }
    if (name === 'Binary' && value instanceof Binary) {
      const { sub_type: subtype, position, buffer } = value;
      // Two subtypes have a form of their own.
      if (subtype !== Binary.SUBTYPE_BYTE_ARRAY && subtype !== Binary.SUBTYPE_VECTOR) {
        bytes[type] = TYPE.binary;
        return putBinary(at, subtype, buffer.subarray(0, position));
      }
    }
    if (name === 'Long' && value instanceof Long) {
      bytes[type] = TYPE.int64;
      view.setInt32(at, value.getLowBits(), true);
      view.setInt32(at + 4, value.getHighBits(), true);
      return at + 8;
    }
    if (name === 'Double' && value instanceof Double) {
      bytes[type] = TYPE.double;
      view.setFloat64(at, value.value, true);
      return at + 8;
    }
    if (name === 'Int32' && value instanceof Int32) {
      bytes[type] = TYPE.int32;
      view.setInt32(at, value.valueOf(), true);
      return at + 4;
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
    site.items ??= { write: null, items: null, array: true };
    const { items } = site;
    let at = start + 4;
    level += 1;
    for (let i = 0; i < array.length; i++) at = putElement(at, i, array[i], items);
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
    const end = putFields(type, at, ownForm(value), site);
    level -= 1;
    return end;
  }

  /**
   * A `toBSON()` may answer what has one again, which the library then calls as well.
   * @param {any} value
   */
  function ownForm(value) {
    if (typeof value.toBSON !== 'function') return value;
    const form = value.toBSON();
    if (form != null && typeof form !== 'object') {
      throw new BSONError('toBSON function did not return an object');
    }
    return form;
  }

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} document
   * @param {Site} site
   * @returns {number}
   */
  function putFields(type, at, document, site) {
    const keys = Object.keys(document);
    if (!careful) {
      const write = tree.writeOf(keys);
      if (write !== null) {
        site.write = write;
        const end = write(type, at, document);
        if (end !== -1) return end;
      }
    }
    return putOneByOne(type, at, document, keys);
  }

  /**
   * @param {number} type
   * @param {number} start
   * @param {any} document
   * @param {string[]} keys
   * @returns {number}
   */
  function putOneByOne(type, start, document, keys) {
    bytes[type] = TYPE.document;
    let at = start + 4;
    /** @type {import('./shape-tree').Node | null} */
    let node = careful ? null : tree.root;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const value = document[key];
      node = node === null ? null : tree.next(node, key);
      if (node === null) at = putLoose(at, key, value);
      else {
        const content = putWords(at + 1, node);
        if (typeof value === 'string') {
          bytes[at] = TYPE.string;
          at = putText(content, value);
        } else if (typeof value === 'number') at = putNumber(at, content, value);
        else at = putOther(at, content, value, node.site);
      }
    }
    return putEnd(start, at);
  }

  /**
   * A field whose key is not remembered, or not allowed.
   * @param {number} type
   * @param {string} key
   * @param {any} value
   * @returns {number}
   */
  function putLoose(type, key, value) {
    if (!isAllowed(key)) BSON.serialize({ [key]: value }, options);
    return putCarefully(type, putKey(type + 1, key), value, stray);
  }

  /** @param {string} key */
  function isAllowed(key) {
    if (key.includes('\0')) return false;
    return !options.checkKeys || EXEMPT.has(key) || (key[0] !== '$' && !key.includes('.'));
  }

  /** The value of a field as the library writes it: it is asked for the `toBSON()` of this. */
  const carrier = { value: /** @type {any} */ (null), toBSON: () => carrier.value };
  const carrying = { '': carrier };

  /**
   * @param {number} type
   * @param {number} at
   * @param {any} value
   * @returns {number}
   */
  function putByLibrary(type, at, value) {
    carrier.value = value;
    try {
      const made = BSON.serialize(carrying, options);
      // Four bytes of length, a type, the empty key; at last a terminator.
      if (made.length === 5) return type;
      bytes[type] = made[4];
      bytes.set(made.subarray(6, -1), at);
      return at + made.length - 7;
    } finally {
      carrier.value = null;
    }
  }

  /**
   * @param {number} type
   * @param {number} start
   * @param {Statements} statements
   * @param {Site} site
   * @returns {number}
   */
  function putStatements(type, start, statements, site) {
    const { list } = statements;
    bytes[type] = TYPE.array;
    site.items ??= { write: null, items: null, array: true };
    const { items } = site;
    /** @type {EncodedStatements[]} */
    const parts = [];
    let from = 0;
    let at = start + 4;
    for (let i = 0; i < list.length; i++) {
      const element = at;
      const content = putIndex(element + 1, i - from);
      at = putStatement(element, i - from, list[i], items);
      if (at - content > MAX_DOCUMENT_BYTES) throw documentTooLarge();
      if (at > MAX_DOCUMENT_BYTES && i > from) {
        // This one begins the next part.
        const kind = bytes[element];
        const next = Buffer.from(bytes.subarray(content, at));
        parts.push(partOf(start, element, i - from));
        from = i;
        bytes[start + 4] = kind;
        at = putIndex(start + 5, 0);
        bytes.set(next, at);
        at += next.length;
      }
    }
    if (parts.length === 0) return putEnd(start, at);
    parts.push(partOf(start, at, list.length - from));
    throw new StatementsSplit(parts);
  }

  /**
   * @param {number} type
   * @param {number} index
   * @param {any} statement
   * @param {Site} site
   */
  function putStatement(type, index, statement, site) {
    try {
      return putElement(type, index, statement, site);
    } catch (error) {
      if (error.name !== 'RangeError') throw error;
      throw codec.BSON.calculateObjectSize({ statement }, options) > MAX_DOCUMENT_BYTES
        ? documentTooLarge()
        : error;
    }
  }

  function documentTooLarge() {
    return new codec.mongo.MongoInvalidArgumentError(
      `Document is larger than the maximum size ${MAX_DOCUMENT_BYTES}`,
    );
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {number} count
   */
  function partOf(start, end, count) {
    return new EncodedStatements(count, Buffer.from(bytes.subarray(start, putEnd(start, end))));
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

/**
 * Whether a value is what it looks like.
 * @param {any} value
 */
function isBare(value) {
  return (
    value.toBSON === undefined && value._bsontype === undefined && value[Symbol.toStringTag] === undefined
  );
}

/**
 * Whether an object without a BSON type is written as a document: one of a realm's built-in kinds is not, nor is one that
 * pretends to be.
 * @param {object} value
 */
function isOrdinary(value) {
  return (
    kindOf.call(value) === '[object Object]' &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof RegExp) &&
    !(value instanceof Map)
  );
}

/** @type {any[]} */
const [text, number, boolean, bigint, symbol] = [String, Number, Boolean, BigInt, Symbol].map(
  (type) => type.prototype,
);

/** Whether somebody gave strings, numbers or the like a `toBSON()`. */
function primitivesHaveForms() {
  return (
    text.toBSON !== undefined ||
    number.toBSON !== undefined ||
    boolean.toBSON !== undefined ||
    bigint.toBSON !== undefined ||
    symbol.toBSON !== undefined
  );
}

module.exports = { createWriter };
