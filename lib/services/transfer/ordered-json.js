'use strict';

/** An object as it was written: its keys in their order, repeated ones too. */
class Pairs {
  /** @param {[string, any][]} entries */
  constructor(entries) {
    this.entries = entries;
  }

  /** @param {string} key */
  get(key) {
    return this.entries.find(([name]) => name === key)?.[1];
  }
}

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const DEEPEST = 1000;

class Parser {
  #text;
  #at = 0;

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
  }

  whole() {
    const value = this.#value(0);
    this.#match(BLANK);
    if (this.#at !== this.#text.length) throw this.#wrong();
    return value;
  }

  /** @param {number} depth */
  #value(depth) {
    if (depth > DEEPEST) throw new SyntaxError('Nested too deeply');
    this.#match(BLANK);
    const first = this.#text[this.#at];
    if (first === '{') return new Pairs(this.#list('}', () => [this.#key(), this.#value(depth + 1)]));
    if (first === '[') return this.#list(']', () => this.#value(depth + 1));
    return JSON.parse(this.#match(first === '"' ? STRING : SCALAR) ?? this.#fail());
  }

  /** @template T @param {string} end @param {() => T} read @returns {T[]} */
  #list(end, read) {
    /** @type {T[]} */
    const parts = [];
    this.#at++;
    this.#match(BLANK);
    if (this.#skip(end)) return parts;
    do parts.push(read());
    while (this.#separator(end));
    return parts;
  }

  /** @param {string} end @returns {boolean} whether another part follows */
  #separator(end) {
    this.#match(BLANK);
    if (this.#skip(',')) return true;
    if (this.#skip(end)) return false;
    throw this.#wrong();
  }

  #key() {
    this.#match(BLANK);
    const key = JSON.parse(this.#match(STRING) ?? this.#fail());
    this.#match(BLANK);
    if (!this.#skip(':')) throw this.#wrong();
    return key;
  }

  /** @param {string} character */
  #skip(character) {
    const found = this.#text[this.#at] === character;
    if (found) this.#at++;
    return found;
  }

  /** @param {RegExp} pattern @returns {string | null} */
  #match(pattern) {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [null];
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  /** @returns {never} */
  #fail() {
    throw this.#wrong();
  }

  #wrong() {
    return new SyntaxError(`Unexpected content at position ${this.#at}`);
  }
}

/**
 * Parses JSON without making JavaScript objects, which would sort keys that look like numbers.
 * @param {string} text
 * @returns {any} scalars, arrays, and `Pairs` for objects
 */
function parseOrdered(text) {
  return new Parser(text).whole();
}

exports.Pairs = Pairs;
exports.parseOrdered = parseOrdered;
