'use strict';

const { rules } = require('./rules');

/** What `create` takes; everything else in the options object is Mongoose's or the driver's. */
const NAMES = [
  'capped',
  'autoIndexId',
  'size',
  'max',
  'storageEngine',
  'validator',
  'validationLevel',
  'validationAction',
  'indexOptionDefaults',
  'viewOn',
  'pipeline',
  'collation',
  'comment',
  'timeseries',
  'expireAfterSeconds',
  'clusteredIndex',
  'changeStreamPreAndPostImages',
  'recordPreImages',
  'temp',
  'flags',
];

const CREATE = rules(
  {
    /** A collection that was made for encrypted fields must not get them as they are. */
    encryptedFields(_body, value, op) {
      if (value === null) return;
      throw new op.codec.mongo.MongoCompatibilityError(
        'Option "encryptedFields" cannot be honoured: client-side field level encryption is not supported, use the official driver for it',
      );
    },
  },
  Object.fromEntries(
    NAMES.map((name) => [
      name,
      (/** @type {any} */ body, /** @type {any} */ value) => {
        if (value !== null && typeof value !== 'function') body[name] = value;
      },
    ]),
  ),
);

/**
 * @param {string} name
 * @returns {any}
 */
function createCommand(name) {
  return { create: name };
}

module.exports = { CREATE, createCommand };
