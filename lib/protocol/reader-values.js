'use strict';

/**
 * @typedef {import('./reader.js').Page} Page
 * @typedef {import('./reader.js').Read} Read
 */

/** What a value is, where nothing else says so. `src/reply/tag.rs` has the same list. */
const NULL = 0;
const UNDEFINED = 1;
const NUMBER = 2;
const STRING = 3;
const NARROW_TEXT = 4;
const WIDE_TEXT = 5;
const WHOLE_TEXT = 6;
const FALSE = 7;
const TRUE = 8;
const DATE = 9;
const OBJECT_ID = 10;
const DOCUMENT = 11;
const ARRAY = 12;
const LONG = 13;
const RARE = 14;
const RARE_CHUNK = 15;
const RARE_ALONE = 16;

/**
 * Readers of single values; `src/reply/mod.rs` describes what they read.
 *
 * @param {any} BSON
 * @param {(page: Page, shape: number) => any} readShape
 */
function createValueReaders(BSON, readShape) {
  const { Long } = BSON;
  const makeObjectId = objectIdMaker(BSON.ObjectId);

  /** @type {Read} */
  function any(page) {
    const { values } = page;
    switch (values[page.at++]) {
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      case NUMBER: {
        const number = values[page.at++];
        const integer = number | 0;
        return integer === number && (integer !== 0 || 1 / number > 0) ? integer : number;
      }
      case STRING:
        return string(page);
      case NARROW_TEXT:
        page.text = page.texts[page.firstText + values[page.at++]];
        page.textAt = values[page.at++] | 0;
        return page.text.substring(0, page.textAt);
      case WIDE_TEXT:
        page.wideText = page.texts[page.firstText + values[page.at++]];
        page.wideTextAt = values[page.at++] | 0;
        return page.wideText.substring(0, page.wideTextAt);
      case WHOLE_TEXT:
        return page.texts[page.firstText + values[page.at++]];
      case FALSE:
        return false;
      case TRUE:
        return true;
      case DATE:
        return new Date(values[page.at++]);
      case OBJECT_ID:
        return objectId(page);
      case DOCUMENT:
        return readShape(page, values[page.at++]);
      case ARRAY:
        return readArray(page, values[page.at++]);
      case LONG:
        return new Long(values[page.at++], values[page.at++]);
      case RARE:
        return page.rare[page.rareAt++];
      case RARE_CHUNK:
        page.rare = readBson(page)[''];
        page.rareAt = 1;
        return page.rare[0];
      case RARE_ALONE:
        return readBson(page)[''];
      default:
        throw new TypeError('A defect of polymongo: a value came with an unknown tag');
    }
  }

  // In the following a NaN says that something else than the expected stands here.

  /** @type {Read} */
  function number(page) {
    const value = page.values[page.at++];
    const integer = value | 0;
    if (integer === value) return integer;
    return Number.isNaN(value) ? any(page) : value;
  }

  /** @type {Read} */
  function string(page) {
    const length = page.values[page.at++];
    if (length >= 0) {
      const start = page.textAt;
      page.textAt = (start + length) | 0;
      return page.text.substring(start, page.textAt);
    }
    if (length < 0) {
      const start = page.wideTextAt;
      page.wideTextAt = (start - length) | 0;
      return page.wideText.substring(start, page.wideTextAt);
    }
    return any(page);
  }

  /** @type {Read} */
  function boolean(page) {
    const value = page.values[page.at++];
    if (value === 1) return true;
    return value === 0 ? false : any(page);
  }

  /** @type {Read} */
  function date(page) {
    const milliseconds = page.values[page.at++];
    return Number.isNaN(milliseconds) ? any(page) : new Date(milliseconds);
  }

  /** @type {Read} */
  function objectId(page) {
    const high = page.values[page.at++];
    return Number.isNaN(high) ? any(page) : makeObjectId(high, page.values[page.at++]);
  }

  /** @type {Read} */
  function document(page) {
    const shape = page.values[page.at++];
    return Number.isNaN(shape) ? any(page) : readShape(page, shape);
  }

  /** @type {Read} */
  function array(page) {
    const head = page.values[page.at++];
    return Number.isNaN(head) ? any(page) : readArray(page, head);
  }

  /** In the order of `Expected` in `src/reply/shape.rs`. */
  const expected = [any, number, string, boolean, date, objectId, document, array];

  /** @param {Page} page @param {number} head */
  function readArray(page, head) {
    const read = expected[head & 7];
    const length = head >>> 3;
    switch (length) {
      case 0:
        return list();
      case 1:
        return list(read(page));
      case 2:
        return list(read(page), read(page));
      case 3:
        return list(read(page), read(page), read(page));
      case 4:
        return list(read(page), read(page), read(page), read(page));
    }
    const elements = new Array(length);
    for (let index = 0; index < length; index++) elements[index] = read(page);
    return elements;
  }

  /** @param {Page} page */
  function readBson(page) {
    const blob = page.values[page.at++];
    const start = page.values[page.at++];
    const bytes = page.blobs[page.firstBlob + blob].subarray(start, start + page.values[page.at++]);
    // A binary value is a view that keeps alive what it was cut from: from the shared blob, it is cut from a copy.
    return BSON.deserialize(blob === 0 ? Buffer.from(bytes) : bytes);
  }

  return { expected, readBson };
}

/**
 * An array that takes no more memory than its elements need. No literal, for the reason that `compileShape` gives.
 *
 * @param {any[]} items
 */
function list(...items) {
  return items;
}

/**
 * A function that makes an ObjectId of two numbers, each of which holds six of its bytes.
 *
 * @param {any} ObjectId
 * @returns {(high: number, low: number) => any}
 */
function objectIdMaker(ObjectId) {
  const bytes = Buffer.alloc(14);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  /** @type {(high: number, low: number) => void} */
  const write = (high, low) => {
    view.setFloat64(0, high, true);
    view.setFloat64(6, low, true);
  };
  if (readsFromOffset(ObjectId)) {
    return (high, low) => {
      write(high, low);
      return new ObjectId(bytes, 0);
    };
  }
  return (high, low) => {
    write(high, low);
    const own = Buffer.allocUnsafe(12);
    for (let index = 0; index < 12; index++) own[index] = bytes[index];
    return new ObjectId(own);
  };
}

/** Whether this ObjectId copies its bytes from a place in a buffer (bson from 7.3), instead of keeping the buffer. */
function readsFromOffset(ObjectId) {
  const bytes = Buffer.from('000102030405060708090a0b0c', 'hex');
  try {
    return new ObjectId(bytes, 1).toHexString() === bytes.toString('hex', 1);
  } catch {
    return false;
  }
}

module.exports = { createValueReaders };
