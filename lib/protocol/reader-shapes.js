'use strict';

/** @typedef {import('./reader.js').Read} Read */

/**
 * A function that makes documents of one shape, which all have the same hidden class. Keys come from the database: they
 * enter the code as string literals only.
 *
 * It is a constructor and not an object literal, because V8 moves the objects of a literal to the old generation once
 * a big result has survived; from then on every short-lived document would wait for a full collection.
 *
 * @param {Array<[string, number]>} fields  keys, and what each is expected to hold
 * @param {Read[]} expected                 a reader for each expectation
 * @returns {Read}
 */
function compileShape(fields, expected) {
  const names = expected.map((_, expectation) => `read${expectation}`);
  const statements = fields.map(([key, expectation]) =>
    key === '__proto__'
      ? `define(this, ${JSON.stringify(key)}, read${expectation}(page));`
      : `this[${JSON.stringify(key)}] = read${expectation}(page);`,
  );
  const source = `'use strict';
    function Document(page) { ${statements.join('\n')} }
    Document.prototype = prototype;
    return (page) => new Document(page);`;
  return new Function('define', 'prototype', ...names, source)(define, Object.prototype, ...expected);
}

/**
 * The same without generated code, slower.
 *
 * @param {Array<[string, number]>} fields
 * @param {Read[]} expected
 * @returns {Read}
 */
function interpretShape(fields, expected) {
  return (page) => {
    /** @type {Record<string, any>} */
    const document = {};
    for (const [key, expectation] of fields) {
      const value = expected[expectation](page);
      if (key === '__proto__') define(document, key, value);
      else document[key] = value;
    }
    return document;
  };
}

/** @param {object} document @param {string} key @param {unknown} value */
function define(document, key, value) {
  Object.defineProperty(document, key, { value, writable: true, enumerable: true, configurable: true });
}

module.exports = { compileShape, interpretShape };
