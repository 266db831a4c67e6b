'use strict';

const { wordsOf } = require('./writer-keys');
const { Site } = require('./writer-site');

/** @typedef {import('./writer-site').Write} Write */

/** Keys longer than this are likely data, and are not remembered. */
const LONGEST_KEY = 100;
/** After so many new nodes the rarer ones go. */
const MOST_NODES = 10_000;
/** A shape is compiled when so many documents had it: most of the rarer ones never pay for it. */
const COMPILED_FROM = 8;
/** More shapes than this are not compiled. */
const MOST_COMPILED = 1000;
/** Nor are shapes of more keys. */
const MOST_KEYS = 200;

/** Keys that are indexes come first in any object, and from another store. */
const INDEX = /^\d+$/;

/** One key after the keys that lead to it: a shape is known by its last key's node. */
class Node {
  /** @param {string} key */
  constructor(key) {
    const { size, words } = wordsOf(key);
    this.key = key;
    this.size = size;
    this.words = words;
    this.site = new Site();
    /** @type {Map<string, Node> | null} */
    this.after = null;
    /** What followed last. @type {Node | null} */
    this.last = null;
    this.uses = 0;
    /** Documents whose last key this is. @type {Write | null} */
    this.write = null;
  }
}

/** The shapes of documents that were written, as a tree of keys; bounded, whatever keys there are. */
class ShapeTree {
  /** @param {(fields: import('./writer-shapes').Field[]) => Write} compile */
  constructor(compile) {
    this.compile = compile;
    this.root = new Node('');
    this.grown = 0;
    /** @type {{keys: string[], write: Write}[]} */
    this.compiled = [];
    this.mayCompile = true;
  }

  /**
   * @param {Node} node
   * @param {string} key
   * @returns {Node | null} null for a key that is not remembered
   */
  next(node, key) {
    if (node.last !== null && node.last.key === key) return node.last;
    const next = node.after?.get(key) ?? this.grow(node, key);
    if (next !== null) node.last = next;
    return next;
  }

  /**
   * @param {Node} node
   * @param {string} key
   */
  grow(node, key) {
    if (key.length > LONGEST_KEY || key.includes('\0')) return null;
    const next = new Node(key);
    this.grown += 1;
    node.after ??= new Map();
    node.after.set(key, next);
    return next;
  }

  /**
   * The node of a whole shape.
   * @param {string[]} keys
   * @returns {Node | null}
   */
  find(keys) {
    /** @type {Node | null} */
    let node = this.root;
    for (let i = 0; i < keys.length && node !== null; i++) node = this.next(node, keys[i]);
    return node;
  }

  /**
   * @param {string[]} keys
   * @returns {Write | null} what writes documents of this shape, once it is known well enough
   */
  writeOf(keys) {
    if (this.grown > MOST_NODES) this.prune();
    const node = this.find(keys);
    if (node === null) return null;
    if (node.write === null && ++node.uses === COMPILED_FROM) node.write = this.compiledOf(keys);
    return node.write;
  }

  /** @param {string[]} keys */
  compiledOf(keys) {
    if (!this.mayCompile || this.compiled.length === MOST_COMPILED) return null;
    if (keys.length > MOST_KEYS || keys.some((key) => INDEX.test(key))) return null;
    try {
      const write = this.compile(this.path(keys));
      this.compiled.push({ keys, write });
      return write;
    } catch (error) {
      // The process was started with --disallow-code-generation-from-strings, or something to the same effect.
      if (error.name !== 'EvalError') throw error;
      this.mayCompile = false;
      return null;
    }
  }

  /**
   * @param {string[]} keys of a shape that is known
   * @returns {Node[]}
   */
  path(keys) {
    let node = this.root;
    return keys.map((key) => {
      node = /** @type {Node} */ (this.next(node, key));
      return node;
    });
  }

  /** Forgets all but what was compiled. */
  prune() {
    this.root = new Node('');
    for (const { keys, write } of this.compiled) {
      const node = /** @type {Node} */ (this.find(keys));
      node.write = write;
    }
    this.grown = 0;
  }
}

exports.Node = Node;
exports.ShapeTree = ShapeTree;
