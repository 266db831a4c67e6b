'use strict';

const { PolyMongoError } = require('../error');

const MAX_BYTES = 63;

/** What the server refuses in every name, on every platform. */
const SERVER = /[/\\."$ \0]/;

/** Also what Windows servers refuse, and what cannot be seen: control, direction and mark characters. */
const PORTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[/\\."$*<>:|? \u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** The signature of a tenant id that was missing when the name was put together. */
const MISSING_ID = /(?:^|[_-])(undefined|null|NaN)$/;

const SYSTEM = new Set(['admin', 'config', 'local']);

/**
 * @param {unknown} name
 * @param {object} [rules]
 * @param {'portable'|'server'} [rules.nameRules]
 * @param {boolean} [rules.allowSystemDatabases]
 * @returns {string} the name
 * @throws {PolyMongoError} `INVALID_DATABASE_NAME`, status 400
 */
function checkDatabaseName(name, { nameRules = 'portable', allowSystemDatabases = false } = {}) {
  if (typeof name !== 'string') throw refused(name, `a database name must be a string, got ${kindOf(name)}`);
  if (name === '') throw refused(name, 'a database name must not be empty; was a tenant id missing?');
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_BYTES)
    throw refused(name, `it has ${bytes} bytes of UTF-8, at most ${MAX_BYTES} are allowed`);
  const [bad] = (nameRules === 'server' ? SERVER : PORTABLE).exec(name) ?? [];
  if (bad !== undefined) throw refused(name, `${quoted(bad)} is not allowed in a database name`);
  if (!name.isWellFormed())
    throw refused(name, 'it holds half of a surrogate pair, which UTF-8 cannot express');
  if (nameRules === 'portable') {
    const [, missing] = MISSING_ID.exec(name) ?? [];
    if (missing !== undefined)
      throw refused(name, `"${missing}" at its end is the sign of a missing tenant id`);
  }
  if (SYSTEM.has(name) && !allowSystemDatabases)
    throw refused(name, 'it is a database of the server itself; pass allowSystemDatabases: true to use it');
  return name;
}

const kindOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value);

const quoted = (character) =>
  /[!-~]/.test(character)
    ? `the character ${JSON.stringify(character)}`
    : character === ' '
      ? 'a space'
      : `the character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** In quotes; what a terminal would obey or hide is escaped. @param {string} text */
const printable = (text) =>
  JSON.stringify(text).replace(
    /[\p{C}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** @param {unknown} name @param {string} why */
function refused(name, why) {
  const shown =
    typeof name === 'string' ? ` ${printable(name.length > 80 ? `${name.slice(0, 80)}…` : name)}` : '';
  return new PolyMongoError(`The database name${shown} is refused: ${why}`, {
    code: 'INVALID_DATABASE_NAME',
    status: 400,
    dbName: name,
  });
}

module.exports = { checkDatabaseName };
