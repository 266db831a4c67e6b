'use strict';

const { PolyMongoError } = require('../error');
const { readConcernOf, writeConcernOf } = require('./concerns');
const { READ_MODES } = require('./connection-options');

/** @typedef {{mode: string, tags?: object[], maxStalenessSeconds?: number, hedge?: object}} ReadPreference */

/** @param {string} message @param {string} option */
const refusal = (message, option) => new PolyMongoError(message, { code: 'OPTION_INVALID', option });

/** @param {Record<string, any>} given @returns {ReadPreference | null} */
function readPreferenceOf(given) {
  const value = given.readPreference;
  const object = typeof value === 'object' && value !== null ? value : { mode: value };
  const named = object.mode ?? object.preference;
  const mode = READ_MODES.find((name) => name.toLowerCase() === String(named).toLowerCase());
  const tags = object.tags ?? given.readPreferenceTags;
  const tagSets = tags === undefined || Array.isArray(tags) ? tags : [tags];
  const staleness = object.maxStalenessSeconds ?? given.maxStalenessSeconds;
  const maxStalenessSeconds = staleness === -1 ? undefined : staleness;
  if ((mode ?? 'primary') === 'primary') {
    if (tagSets?.length || maxStalenessSeconds !== undefined) {
      throw refusal(
        'readPreferenceTags and maxStalenessSeconds need a readPreference other than "primary"',
        'readPreference',
      );
    }
    return mode ? { mode } : null;
  }
  return {
    mode: /** @type {string} */ (mode),
    ...(tagSets?.length ? { tags: tagSets } : {}),
    ...(maxStalenessSeconds === undefined ? {} : { maxStalenessSeconds }),
    ...(object.hedge ? { hedge: object.hedge } : {}),
  };
}

/**
 * The concerns and the read preference that a connection's options name together, in whichever spelling.
 * @param {Record<string, any>} given  Checked options by name
 * @returns {{readPreference: ReadPreference | null, readConcern: {level: string} | null, writeConcern: Record<string, any> | null}}
 */
function concernsOf(given) {
  const written = typeof given.writeConcern === 'object' ? given.writeConcern : { w: given.writeConcern };
  const writeConcern = writeConcernOf({
    w: written.w ?? given.w,
    j: written.j ?? written.journal ?? given.journal,
    wtimeout: written.wtimeout ?? written.wtimeoutMS ?? given.wtimeoutMS,
  });
  if (writeConcern?.w === 0 && writeConcern.j === true)
    throw refusal(
      'w: 0 (no acknowledgement) cannot be combined with a journaled write concern',
      'writeConcern',
    );
  return {
    readPreference: readPreferenceOf(given),
    readConcern: readConcernOf(given.readConcern ?? given.readConcernLevel),
    writeConcern,
  };
}

module.exports = { concernsOf };
