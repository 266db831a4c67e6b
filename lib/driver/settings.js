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
    /** @type {any} */
    const inherited = parent ?? {};
    this.engine = engine;
    this.codec = codec;
    /** The options as they were given, the client's under everybody's: what GridFS and Mongoose look at. */
    this.options = { ...inherited.options, ...own };
    this.bsonOptions = bsonOptions.resolveBsonOptions(own, inherited.bsonOptions);
    this.bson = bsonOptions.forEngine(codec, this.bsonOptions);
    this.readPreference =
      readPreferenceIn(codec, own) ?? inherited.readPreference ?? codec.ReadPreference.primary;
    this.readConcern = readConcernOf(own.readConcern) ?? inherited.readConcern ?? null;
    this.writeConcern = writeConcernIn(own) ?? inherited.writeConcern ?? null;
    /** @type {number | null} */
    this.timeoutMS = own.timeoutMS ?? inherited.timeoutMS ?? null;
    this.pkFactory = own.pkFactory ?? inherited.pkFactory ?? null;
    this.forceServerObjectId = Boolean(own.forceServerObjectId ?? inherited.forceServerObjectId);
    /** Told of every change stream that is made. @type {((stream: any) => void) | null} */
    this.watched = inherited.watched ?? null;
    /** What the code that asks runs in. @type {(() => {session?: any, timeoutMS?: number} | undefined) | null} */
    this.context = inherited.context ?? null;
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
  if (typeof writeConcern !== 'object')
    return writeConcernOf(writeConcern ?? { w, j, wtimeout, wtimeoutMS, journal });
  return writeConcernOf({ w, j, wtimeout, wtimeoutMS, journal, ...writeConcern });
}

exports.Settings = Settings;
exports.ownOptions = ownOptions;
exports.readPreferenceIn = readPreferenceIn;
exports.writeConcernIn = writeConcernIn;
