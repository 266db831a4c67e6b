'use strict';

const { EncodedStatements, StatementsSplit } = require('./statements');
const { MAX_DOCUMENT_BYTES, bytes } = require('./writer-buffer');
const { putIndex } = require('./writer-keys');
const { TYPE, putEnd } = require('./writer-values');

/** @typedef {import('./statements').Statements} Statements */
/** @typedef {import('./writer-library').WriteOptions} WriteOptions */
/** @typedef {import('./writer-site').Site} Site */

/**
 * What writes the statements of a bulk, and throws them as {@link StatementsSplit} if they take more than one command.
 * @param {import('./codec').Codec} codec
 * @param {(type: number, index: number, value: any, site: Site) => number} putElement
 * @returns {(type: number, start: number, statements: Statements | EncodedStatements, site: Site, options: WriteOptions) => number}
 */
function statementsWriterOf(codec, putElement) {
  /**
   * @param {number} type
   * @param {number} index
   * @param {any} statement
   * @param {Site} site
   * @param {WriteOptions} options
   */
  function putStatement(type, index, statement, site, options) {
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

  return (type, start, statements, site, options) => {
    bytes[type] = TYPE.array;
    if (statements instanceof EncodedStatements) {
      bytes.set(statements.bytes, start);
      return start + statements.bytes.length;
    }
    const { list } = statements;
    const { elements } = site;
    /** @type {EncodedStatements[]} */
    const parts = [];
    let from = 0;
    let at = start + 4;
    for (let i = 0; i < list.length; i++) {
      const element = at;
      const content = putIndex(element + 1, i - from);
      at = putStatement(element, i - from, list[i], elements, options);
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
  };
}

/**
 * @param {number} start
 * @param {number} end
 * @param {number} count
 */
function partOf(start, end, count) {
  return new EncodedStatements(count, Buffer.from(bytes.subarray(start, putEnd(start, end))));
}

module.exports = { statementsWriterOf };
