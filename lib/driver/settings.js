'use strict';

const bsonOptions = require('../protocol/bson-options');
const { readConcernOf, writeConcernOf } = require('../protocol/concerns');
const readPreferences = require('../protocol/read-preference');

/** Options that make a database or collection differ from its parent. */
const INHERITED = new Set([
  ...bsonOptions.BSON_OPTION_NAMES,
  'readPreference',
  'readPreferenceTags',
  'maxStalenessSeconds',
  'hedge',
  'readConcern',
  'writeConcern',
  'w',
  'j',
  'wtimeout',
  'wtimeoutMS',
  'journal',
  'timeoutMS',
  'pkFactory',
  'forceServerObjectId',
]);

/**
 * What operations inherit: client → database → collection. Resolved once when such an object is made, shared by all
 * that do not differ, and never changed afterwards.
 */
class Settings {
  /**
   * @param {any} engine
   * @param {import('../protocol/codec').Codec} codec
   * @param {any} options own properties count
   * @param {Settings | null} parent
   */
  constructor(engine, codec, options, parent) {
    const own = ownOptions(options);
    this.engine = engine;
    this.codec = codec;
    /** The options as they were given, the client's under everybody's: what GridFS and Mongoose look at. */
    this.options = parent === null ? own : { ...parent.options, ...own };
    this.bsonOptions = bsonOptions.resolveBsonOptions(own, parent?.bsonOptions);
    this.bson = bsonOptions.forEngine(this.bsonOptions);
    this.readPreference = readPreferenceIn(codec, own) ?? parent?.readPreference ?? codec.ReadPreference.primary;
    this.readConcern = readConcernOf(own.readConcern) ?? parent?.readConcern ?? null;
    this.writeConcern = writeConcernIn(own) ?? parent?.writeConcern ?? null;
    /** @type {number | null} */
    this.timeoutMS = own.timeoutMS ?? parent?.timeoutMS ?? null;
    this.pkFactory = own.pkFactory ?? parent?.pkFactory ?? null;
    this.forceServerObjectId = Boolean(own.forceServerObjectId ?? parent?.forceServerObjectId);
  }

  /** @returns {any} an instance of the official class */
  get officialReadConcern() {
    return this.readConcern === null ? undefined : new this.codec.ReadConcern(this.readConcern.level);
  }

  /** @returns {any} an instance of the official class */
  get officialWriteConcern() {
    if (this.writeConcern === null) return undefined;
    const { w, wtimeout, j } = this.writeConcern;
    return new this.codec.WriteConcern(w, wtimeout, j);
  }

  /**
   * @param {any} options
   * @returns {Settings} this very object when the options say nothing new
   */
  refine(options) {
    if (options == null) return this;
    for (const name of Object.keys(options)) {
      if (INHERITED.has(name) && options[name] != null) {
        return new Settings(this.engine, this.codec, options, this);
      }
    }
    return this;
  }
}

/** @param {any} options */
function ownOptions(options) {
  return Object.assign(Object.create(null), options);
}

/**
 * @param {import('../protocol/codec').Codec} codec
 * @param {any} own
 */
function readPreferenceIn(codec, own) {
  return readPreferences.readPreferenceOf(codec, own.readPreference, {
    tags: own.readPreferenceTags,
    maxStalenessSeconds: own.maxStalenessSeconds,
    hedge: own.hedge,
  });
}

/**
 * The write concern, in its object form or in the flat one that Mongoose and old code use.
 * @param {any} own
 */
function writeConcernIn(own) {
  const { w, j, wtimeout, wtimeoutMS, journal, writeConcern } = own;
  if (typeof writeConcern !== 'object') return writeConcernOf(writeConcern ?? { w, j, wtimeout, wtimeoutMS, journal });
  return writeConcernOf({ w, j, wtimeout, wtimeoutMS, journal, ...writeConcern });
}

module.exports = { Settings, ownOptions, readPreferenceIn, writeConcernIn };
