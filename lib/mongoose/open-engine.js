'use strict';

const { Engine } = require('../driver/engine');
const { PolyMongoError } = require('../error');
const { BY_NAME } = require('../protocol/connection-options');
const { parseConnection } = require('../protocol/connection-string');

/** As a wrapper's (CONNECTION_DEFAULTS says why), but the pool has the size Mongoose's users know. */
const DEFAULTS = { maxPoolSize: 100, maxConnecting: 8, connectTimeoutMS: 2000, heartbeatFrequencyMS: 1000 };

/**
 * An engine for `mongoose.connect(uri, options)`. Whether these are acceptable is the official driver's verdict, in its
 * words: its client is made, and never connected.
 *
 * @param {any} base a Mongoose instance
 * @param {string} uri
 * @param {Record<string, any>} options
 * @returns {{engine: any, dbName: string, heartbeatFrequencyMS: number, connection: import('../protocol/connection-string').Connection}}
 */
function openEngine(base, uri, options) {
  const { dbName, heartbeatFrequencyMS } = new base.mongo.MongoClient(uri, options).options;
  for (const name of Object.keys(options)) {
    const entry = BY_NAME.get(name);
    if (entry?.kind === 'refused' && options[name] != null) {
      throw new PolyMongoError(`${name} cannot be honoured: ${entry.reason}`, {
        code: 'OPTION_INVALID',
        option: name,
      });
    }
  }
  const connection = parseConnection(uri, options, DEFAULTS, {
    label: 'the connection string',
    lenient: true,
  });
  return { engine: new Engine(connection.uri, connection.config), dbName, heartbeatFrequencyMS, connection };
}

module.exports = { openEngine };
