'use strict';

const { PolyMongoError } = require('../error');

/** The most bytes of UTF-8 that the server takes. */
const MAX_BYTES = 63;

/** What the server refuses in every name, on every platform. */
const SERVER = /[/\\."$ \0]/;

/**
 * Also what servers on Windows refuse, and what cannot be seen: control characters and those that turn the direction of
 * writing. Joiners stay, Persian and Hindi need them.
 */
const PORTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[/\\."$*<>:|? \u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** What a tenant id that was missing looks like when the name was put together. */
const MISSING_ID = /(?:^|[_-])(undefined|null|NaN)$/;

/** The databases that every server has for itself. */
const SYSTEM = new Set(['admin', 'config', 'local']);

/**
 * @typedef {object} Rules
 * @property {'portable'|'server'} [nameRules]  Names that suit every server, or only what the server itself refuses
 * @property {boolean} [allowSystemDatabases]
 */

/**
 * @param {unknown} name
 * @param {Rules} [rules]
 * @returns {string} the name
 * @throws {PolyMongoError} `INVALID_DATABASE_NAME`, status 400
 */
function checkDatabaseName(name, rules = {}) {
  if (typeof name !== 'string')
    throw refused(name, `a database name must be a string, got ${kindOf(name)}`, 'type');
  const broken = brokenRule(name, rules);
  if (broken !== null) throw refused(name, broken.why, broken.rule);
  return name;
}

/**
 * The first rule that a name breaks. `src/names.rs` has the same rules in the same order.
 *
 * @param {string} name
 * @param {Rules} rules
 * @returns {{rule: string, why: string} | null}
 */
function brokenRule(name, { nameRules = 'portable', allowSystemDatabases = false }) {
  const portable = nameRules === 'portable';
  if (name === '') return { rule: 'empty', why: 'it must not be empty; was a tenant id missing?' };
  if (!name.isWellFormed()) {
    return { rule: 'surrogate', why: 'it holds half of a surrogate pair, which UTF-8 cannot express' };
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_BYTES) {
    return { rule: 'length', why: `it has ${bytes} bytes of UTF-8, at most ${MAX_BYTES} are allowed` };
  }
  const character = (portable ? PORTABLE : SERVER).exec(name)?.[0];
  if (character !== undefined) {
    return { rule: 'character', why: `${quoted(character)} is not allowed in a database name` };
  }
  const missing = portable ? MISSING_ID.exec(name)?.[1] : undefined;
  if (missing !== undefined) {
    return { rule: 'missingId', why: `"${missing}" at its end is the sign of a missing tenant id` };
  }
  if (SYSTEM.has(name)) {
    const why = 'it is a database of the server itself; pass allowSystemDatabases: true to use it';
    return allowSystemDatabases ? null : { rule: 'system', why };
  }
  const twin = name.toLowerCase();
  if (portable && SYSTEM.has(twin)) {
    const why = `a database "${twin}" exists, and MongoDB has no two names that differ in case only`;
    return { rule: 'case', why };
  }
  return null;
}

/** @param {unknown} value */
function kindOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

/** @param {string} character */
function quoted(character) {
  if (character === ' ') return 'a space';
  if (/[!-~]/.test(character)) return `the character ${JSON.stringify(character)}`;
  return `the character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** @param {unknown} name @param {string} why @param {string} rule */
function refused(name, why, rule) {
  const shown = typeof name === 'string' ? ` ${printed(name)}` : '';
  return new PolyMongoError(`The database name${shown} is refused: ${why}`, {
    code: 'INVALID_DATABASE_NAME',
    status: 400,
    dbName: name,
    rule,
  });
}

/** In quotes and not endless; what a terminal would obey or hide is escaped. @param {string} name */
function printed(name) {
  const short = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return JSON.stringify(short).replace(/[\p{C}\u2028\u2029]/gu, (character) => {
    const code = /** @type {number} */ (character.codePointAt(0)).toString(16).padStart(4, '0');
    return code.length > 4 ? `\\u{${code}}` : `\\u${code}`;
  });
}

module.exports = { brokenRule, checkDatabaseName };
