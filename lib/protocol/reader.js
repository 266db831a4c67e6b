'use strict';

const { PolyMongoError } = require('../error');
const { compileShape, interpretShape } = require('./reader-shapes');
const { createValueReaders } = require('./reader-values');
const { Undecodable } = require('./undecodable');

/** A shape is compiled when so many documents had it: most of the rarer ones never pay for it. */
const COMPILED_FROM = 8;
/** More shapes than this are not compiled. */
const MOST_COMPILED = 1000;

const NO_VALUES = new Float64Array(0);
/** @type {any[]} */
const NONE = [];

/**
 * Where reading stands in the numbers, texts and bytes that the native side made of a batch. One object for all
 * readers, whose fields never change their kind.
 *
 * @typedef {object} Page
 * @property {Float64Array} values
 * @property {number} at           the next value
 * @property {string[]} texts
 * @property {number} firstText    the first text of this batch
 * @property {string} text         the open narrow text, and where its next string begins
 * @property {number} textAt
 * @property {string} wideText     the same for strings that are not ASCII
 * @property {number} wideTextAt
 * @property {Buffer[]} blobs     what travels as BSON
 * @property {number} firstBlob    the first blob of this batch
 * @property {any[]} rare          values of rare types, and which is next
 * @property {number} rareAt
 *
 * @typedef {(page: Page) => any} Read
 */

/**
 * The reader of packed batches (`src/reply` writes them) for one `BSON` library. What it yields cannot be told from
 * what `BSON.deserialize` makes of the same documents.
 *
 * @param {any} BSON                        the user's
 * @param {(id: number) => string | null} shape  asks the native side for the definition of a shape
 */
function createReader(BSON, shape) {
  /** @type {Read[]} */
  const readers = [];
  let compiled = 0;
  let mayCompile = true;

  /** @type {Page} */
  const page = {
    values: NO_VALUES,
    at: 0,
    texts: NONE,
    firstText: 0,
    text: '',
    textAt: 0,
    wideText: '',
    wideTextAt: 0,
    blobs: NONE,
    firstBlob: 0,
    rare: NONE,
    rareAt: 0,
  };

  /** @type {(page: Page, id: number) => any} */
  const readShape = (page, id) => (readers[id] ?? define(id))(page);

  const values = createValueReaders(BSON, readShape);

  /** @param {number} id @returns {Read} */
  function define(id) {
    const definition = shape(id);
    if (definition === null) {
      throw new PolyMongoError(`A defect of polymongo: a document came with the unknown shape ${id}`, {
        code: 'INTERNAL',
      });
    }
    const fields = JSON.parse(definition);
    const interpret = interpretShape(fields, values.expected);
    let uses = 0;
    readers[id] = (page) => {
      uses += 1;
      if (uses === COMPILED_FROM) readers[id] = compile(fields) ?? interpret;
      return interpret(page);
    };
    return readers[id];
  }

  /** @param {Array<[string, number]>} fields */
  function compile(fields) {
    if (!mayCompile || compiled === MOST_COMPILED) return null;
    try {
      const read = compileShape(fields, values.expected);
      compiled += 1;
      return read;
    } catch (error) {
      // The process was started with --disallow-code-generation-from-strings, or something to the same effect.
      if (error.name !== 'EvalError') throw error;
      mayCompile = false;
      return null;
    }
  }

  /** @param {boolean} forgiving */
  function readDocument(forgiving) {
    const id = page.values[page.at++];
    if (id !== 0) return readShape(page, id);
    if (!forgiving) return values.readBson(page);
    try {
      return values.readBson(page);
    } catch (error) {
      return new Undecodable(error);
    }
  }

  return {
    /**
     * The documents of one packed batch.
     *
     * @param {Float64Array} numbers
     * @param {number} offset      where the batch's numbers begin
     * @param {number} count       how many documents there are
     * @param {string[]} texts
     * @param {number} textOffset  where the batch's texts begin
     * @param {Buffer[]} blobs
     * @param {number} blobOffset  where the batch's blobs begin
     * @param {boolean} [forgiving] answer an `Undecodable` in the place of a document that cannot be read
     * @returns {any[]}
     */
    read(numbers, offset, count, texts, textOffset, blobs, blobOffset, forgiving = false) {
      page.values = numbers;
      page.at = offset;
      page.texts = texts;
      page.firstText = textOffset;
      page.blobs = blobs;
      page.firstBlob = blobOffset;
      try {
        const documents = new Array(count);
        for (let index = 0; index < count; index++) documents[index] = readDocument(forgiving);
        return documents;
      } finally {
        // Nothing of a batch is kept alive by the reader.
        page.values = NO_VALUES;
        page.texts = NONE;
        page.text = '';
        page.wideText = '';
        page.blobs = NONE;
        page.rare = NONE;
      }
    },
  };
}

module.exports = { createReader };
