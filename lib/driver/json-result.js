'use strict';

const { inspect } = require('node:util');
const { PolyMongoError } = require('../error');
const { jsonOf } = require('../protocol/json-text');
const { JSON_FLAGS } = require('./op-settings');

/** The option that carries it to the driver. */
const JSON_RESULT = 'polymongoJSON';

/** What promises and Mongoose's hooks ask every value for. @type {Set<any>} */
const HARMLESS = new Set(['then', '_kareemIgnore']);

/**
 * The result of one read as JSON. It travels among the read's options, through Mongoose, to the cursor; what Mongoose gets
 * for documents is a stand-in, which refuses whoever looks into it.
 */
class JsonResult {
  /**
   * @param {import('../protocol/codec').Codec} codec
   * @param {'array' | 'one' | 'items' | 'lines'} form all documents or a single one; for a stream the inside of an array,
   *   or lines
   * @param {string} method what the caller called, for messages
   */
  constructor(codec, form, method) {
    const { plain, highFirst } = jsonOf(codec);
    this.method = method;
    this.isLines = form === 'lines';
    this.isStream = form === 'items' || form === 'lines';
    /** For the engine; 0 when values are not written as the engine would. */
    this.flags = plain ? JSON_FLAGS[form] | (highFirst ? JSON_FLAGS.highFirst : 0) : 0;
    this.count = 0;
    this.isUsed = false;
    /** @type {Buffer | null} */
    this.text = null;
    /** @type {any} */
    this.cursor = null;
    /** @type {any} */
    this.standIn = null;
    /** @type {Error | null} */
    this.refusal = null;
  }

  /** The first read that carries it; a copy of the query, run later, gets documents again. */
  begin() {
    if (this.isUsed) return false;
    this.isUsed = true;
    return true;
  }

  /**
   * Whether the engine writes the documents of an operation; else JavaScript has to.
   * @param {import('./operation').Operation} op
   */
  isWritten(op) {
    return this.flags !== 0 && op.bson === null;
  }

  /**
   * @param {import('./operation').Operation} op
   * @param {any[]} documents or the one text of all
   */
  all(op, documents) {
    if (!this.isWritten(op)) return documents;
    [this.text] = documents;
    return this.represent([], this.count);
  }

  /**
   * @param {import('./operation').Operation} op
   * @param {any} document or its text
   */
  one(op, document) {
    if (!this.isWritten(op)) return document;
    this.text = document;
    return this.represent({});
  }

  /** @param {any} cursor whose first batch is there */
  lend(cursor) {
    this.cursor = cursor;
    return this.represent([], cursor.isDone() ? this.count : Number.NaN);
  }

  /**
   * @param {any} outcome what Mongoose answered in the end
   * @returns {Buffer}
   */
  textOf(outcome) {
    if (this.refusal !== null) throw this.refusal;
    if (this.text !== null && outcome === this.standIn) return this.text;
    try {
      return Buffer.from(JSON.stringify(outcome) ?? 'null');
    } catch (error) {
      throw isTooLong(error) ? this.tooLarge(error) : error;
    }
  }

  /** @param {unknown} cause */
  tooLarge(cause) {
    return new PolyMongoError(
      `The result of ${this.method}() is larger than one string holds, and JavaScript has to write it; use jsonStream(), or ask for less`,
      { code: 'JSON_TOO_LARGE', cause },
    );
  }

  /**
   * The text of a stream, piece by piece.
   * @param {any} outcome what Mongoose answered in the end
   * @returns {{next(): Promise<Buffer | null>, close(): Promise<void>}}
   */
  pieces(outcome) {
    if (this.refusal !== null) throw this.refusal;
    const { cursor } = this;
    if (cursor === null || outcome !== this.standIn) return this.stringified([outcome].flat().values());
    if (cursor.op.json === this && this.isWritten(cursor.op)) return cursor;
    return this.stringified(cursor[Symbol.asyncIterator]());
  }

  /** @param {any} documents an iterator */
  stringified(documents) {
    const end = this.isLines ? '\n' : '';
    return {
      next: async () => {
        const { done, value } = await documents.next();
        return done ? null : Buffer.from(`${JSON.stringify(value)}${end}`);
      },
      close: async () => {
        await documents.return?.();
      },
    };
  }

  /**
   * @param {any} target
   * @param {number} [length]
   */
  represent(target, length) {
    const refuse = (/** @type {any} */ _target, /** @type {any} */ key = undefined) => {
      throw this.refuse(key);
    };
    this.standIn = new Proxy(target, {
      get: (_target, key) => {
        if (HARMLESS.has(key)) return undefined;
        if (key === 'length' && length !== undefined) return length;
        throw this.refuse(key);
      },
      has: refuse,
      set: refuse,
      deleteProperty: refuse,
      defineProperty: refuse,
      getOwnPropertyDescriptor: refuse,
      ownKeys: refuse,
      setPrototypeOf: refuse,
      preventExtensions: refuse,
    });
    return this.standIn;
  }

  /** @param {any} [key] */
  refuse(key) {
    const what = typeof key === 'string' ? ` ("${key}" was asked for)` : '';
    this.refusal ??= new PolyMongoError(
      `${this.method}() makes no documents, but something reads them${what}: a post hook, populate(), transform() or an option of lean(); leave it out, or stringify what the query itself gives`,
      { code: 'JSON_NEEDS_DOCUMENTS' },
    );
    return this.refusal;
  }

  [inspect.custom]() {
    return '[JSON]';
  }
}

/** @param {any} error as V8 throws it */
function isTooLong(error) {
  return error?.name === 'RangeError' && error.message === 'Invalid string length';
}

exports.JSON_RESULT = JSON_RESULT;
exports.JsonResult = JsonResult;
