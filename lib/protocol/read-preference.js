'use strict';

/** @typedef {import('./codec').Codec} Codec */

/**
 * A `ReadPreference` of the user's `mongodb`, whatever form the option came in: a mode, `{mode, tags,
 * maxStalenessSeconds}` as Mongoose builds it, or an instance of any copy of the package.
 * @param {Codec} codec
 * @param {any} value
 * @param {{tags?: any, maxStalenessSeconds?: number, hedge?: any}} [beside] the flat options beside a bare mode
 * @returns {any} null when the value says nothing
 */
function readPreferenceOf(codec, value, beside = {}) {
  const { ReadPreference } = codec;
  if (value == null || value instanceof ReadPreference) return value ?? null;
  if (typeof value === 'string') return new ReadPreference(value, beside.tags, beside);
  const mode = typeof value === 'object' ? (value.mode ?? value.preference) : value;
  const { MongoInvalidArgumentError } = codec.mongo;
  if (typeof mode !== 'string') throw new MongoInvalidArgumentError(`Invalid read preference: ${value}`);
  return new ReadPreference(mode, value.tags ?? beside.tags, {
    maxStalenessSeconds: value.maxStalenessSeconds,
    hedge: value.hedge ?? beside.hedge,
  });
}

/**
 * What the engine is told: nothing for the primary.
 * @param {any} readPreference
 */
function forEngine(readPreference) {
  return readPreference === null || readPreference.mode === 'primary' ? null : readPreference;
}

module.exports = { readPreferenceOf, forEngine };
