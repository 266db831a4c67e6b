'use strict';

const { findBulkClasses, refuseBulk } = require('./bulk-classes');

/** @type {WeakMap<object, Codec>} */
const codecs = new WeakMap();

/**
 * Everything that has to come from the user's own Mongoose: BSON, its types, the error classes. Values of two `bson`
 * copies must never meet, so every operation carries the codec of the Mongoose it was asked through.
 */
class Codec {
  /** @param {any} mongo the namespace `mongoose.mongo` */
  constructor(mongo) {
    this.mongo = mongo;
    this.BSON = mongo.BSON;
    this.ObjectId = mongo.ObjectId;
    this.Long = mongo.Long;
    this.Timestamp = mongo.Timestamp;
    this.ReadPreference = mongo.ReadPreference;
    this.ReadConcern = mongo.ReadConcern;
    this.WriteConcern = mongo.WriteConcern;
    /**
     * The reader of packed batches; the engine fits it at first use, because shapes are the addon's.
     * @type {any}
     */
    this.reader = null;
    /**
     * The writer of commands, made at first use.
     * @type {any}
     */
    this.writer = null;
    // Looked for while what Mongoose was loaded from is still there: a test runner may forget it later.
    this.foundBulk = findBulkClasses(mongo);
  }

  /** `BulkWriteResult`, `WriteError` and `WriteConcernError` of this Mongoose's `mongodb`. */
  get bulk() {
    return this.foundBulk ?? refuseBulk();
  }
}

/**
 * @param {any} mongo the namespace `mongoose.mongo`
 * @returns {Codec}
 */
function codecOf(mongo) {
  let codec = codecs.get(mongo);
  if (codec === undefined) {
    codec = new Codec(mongo);
    codecs.set(mongo, codec);
  }
  return codec;
}

/**
 * @param {any} base a Mongoose instance (`model.base`)
 * @returns {Codec}
 */
function codecOfMongoose(base) {
  return codecOf(base.mongo);
}

exports.Codec = Codec;
exports.codecOf = codecOf;
exports.codecOfMongoose = codecOfMongoose;
