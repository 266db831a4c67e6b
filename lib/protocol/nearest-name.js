'use strict';

/**
 * How many single-character edits lead from one word to the other.
 * @param {string} a
 * @param {string} b
 */
function distance(a, b) {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[column] + 1, current[column - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}

/**
 * The known name that was probably meant, or null when nothing is near.
 * @param {string} word
 * @param {Iterable<string>} names
 * @returns {string | null}
 */
function nearestName(word, names) {
  const wanted = word.toLowerCase();
  // A very long key is nobody's typing mistake, and the comparison is quadratic.
  if (wanted.length > 64) return null;
  /** @type {string | null} */
  let best = null;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const candidate = distance(wanted, name.toLowerCase());
    if (candidate < bestDistance) {
      best = name;
      bestDistance = candidate;
    }
  }
  return best;
}

module.exports = { nearestName };
