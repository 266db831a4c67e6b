'use strict';

const { ShapeTree } = require('./shape-tree');
const { bytes } = require('./writer-buffer');
const { isAllowed, putKey, putWords } = require('./writer-keys');
const { compileShape } = require('./writer-shapes');
const { Site } = require('./writer-site');
const { TYPE, putEnd, putNumber, putText } = require('./writer-values');

/** @typedef {import('./shape-tree').Node} Node */
/** @typedef {import('./writer-library').WriteOptions} WriteOptions */
/** @typedef {import('./writer-shapes').Put} Put */

/**
 * What writes documents: by the code of their shape where there is some, and else field by field. Careful is how fields are
 * written whose keys have to be checked, or whose strings and the like have a `toBSON()`.
 *
 * @param {import('./codec').Codec['BSON']} BSON
 * @param {Put} putOther
 * @param {Put} putCarefully
 * @returns {(type: number, at: number, value: any, site: Site, options: WriteOptions, careful: boolean) => number}
 */
function documentWriterOf(BSON, putOther, putCarefully) {
  const tree = new ShapeTree((fields) => compileShape(fields, putOther));
  /** Where nothing is remembered. */
  const stray = new Site();
  stray.elements.items = stray.elements;

  /**
   * A `toBSON()` may answer what has one again, which the library then calls as well.
   * @param {any} value
   */
  function formOf(value) {
    const form = value.toBSON();
    if (form != null && typeof form !== 'object') {
      throw new BSON.BSONError('toBSON function did not return an object');
    }
    return form;
  }

  /**
   * @param {number} type
   * @param {number} start
   * @param {any} document
   * @param {string[]} keys
   * @param {Node | null} root where these keys are remembered; null: nowhere
   * @param {WriteOptions} options
   */
  function putOneByOne(type, start, document, keys, root, options) {
    bytes[type] = TYPE.document;
    let at = start + 4;
    let node = root;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const value = document[key];
      node = node === null ? null : tree.next(node, key);
      if (node === null) at = putLoose(at, key, value, options);
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
   * @param {WriteOptions} options
   */
  function putLoose(type, key, value, options) {
    if (!isAllowed(key, options.checkKeys)) BSON.serialize({ [key]: value }, options);
    return putCarefully(type, putKey(type + 1, key), value, stray);
  }

  return (type, at, value, site, options, careful) => {
    const document = typeof value.toBSON === 'function' ? formOf(value) : value;
    const keys = Object.keys(document);
    if (careful) return putOneByOne(type, at, document, keys, null, options);
    const write = tree.writeOf(keys);
    if (write !== null) {
      site.write = write;
      const end = write(type, at, document);
      if (end !== -1) return end;
    }
    return putOneByOne(type, at, document, keys, tree.root, options);
  };
}

module.exports = { documentWriterOf };
