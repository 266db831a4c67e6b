'use strict';

/**
 * @param {any} hint an index name, a key pattern, or a list of fields
 * @returns {any}
 */
function normalizeHint(hint) {
  if (!Array.isArray(hint)) return hint ?? undefined;
  return Object.fromEntries(hint.map((field) => [field, 1]));
}

module.exports = { normalizeHint };
