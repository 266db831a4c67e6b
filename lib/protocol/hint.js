'use strict';

/**
 * @param {any} hint an index name, a key pattern, or a list of fields
 * @returns {any}
 */
function normalizeHint(hint) {
  if (Array.isArray(hint)) return Object.fromEntries(hint.flatMap((field) => [[field, 1]]));
  if (typeof hint === 'string' || hint instanceof Map) return hint;
  if (typeof hint !== 'object' || hint === null) return undefined;
  /** @type {Record<string, any>} */
  const copy = {};
  for (const name in hint) copy[name] = hint[name];
  return copy;
}

module.exports = { normalizeHint };
