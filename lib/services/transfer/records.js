'use strict';

const { PolyMongoError } = require('../../error');
const { Pairs } = require('./ordered-json');
const { parseOrdered, plain, toBson } = require('./ejson-reader');

const FORMAT = 'polymongo.ndjson';

/**
 * One line of an export that is no document. Version 2 writes options and indexes as canonical Extended JSON; version 1
 * is the plain JSON of polymongo 1.3.
 * @param {any} BSON the BSON of the user's Mongoose
 * @param {1|2} version
 * @param {Record<string, any>} record
 */
function writeRecord(BSON, version, record) {
  const text = version === 1 ? JSON.stringify(record) : BSON.EJSON.stringify(record, { relaxed: false });
  return `${text}\n`;
}

/** @param {string} database @param {1|2} version */
function metaRecord(database, version) {
  return JSON.stringify({
    type: 'meta',
    format: FORMAT,
    version,
    database,
    exportedAt: new Date().toISOString(),
  });
}

/** @param {string} message */
const invalid = (message) => new PolyMongoError(message, { code: 'IMPORT_INVALID' });

/**
 * Reads the lines of an export; the `meta` record says how the others are written. Documents come as BSON.
 * @param {any} BSON
 */
function createRecordReader(BSON) {
  let version = 0;
  let line = 0;

  /** @param {Pairs} record */
  function read(record) {
    if (record.get('type') === 'document') {
      const document = record.get('document');
      if (!(document instanceof Pairs)) throw new SyntaxError('It has no document');
      return {
        type: 'document',
        collection: record.get('collection'),
        document: toBson(document, BSON, version === 2),
      };
    }
    const value = plain(record);
    return version === 2 ? BSON.EJSON.deserialize(value, { relaxed: false }) : value;
  }

  return {
    /** @param {string} text @returns {Record<string, any>} */
    read(text) {
      line++;
      let record;
      try {
        const pairs = parseOrdered(text);
        if (!(pairs instanceof Pairs)) throw new SyntaxError('It is no object');
        record = read(pairs);
      } catch (error) {
        throw invalid(`Line ${line} of the export cannot be read: ${error.message}`);
      }
      if (typeof record.type !== 'string')
        throw invalid(`Line ${line} of the export is no record: expected an object with a "type"`);
      if (record.type === 'meta') version = versionOf(record, line);
      else if (version === 0)
        throw invalid(
          `Line ${line} of the export comes before the "meta" record, which must be the first line`,
        );
      return record;
    },
    get line() {
      return line;
    },
  };
}

/** @param {Record<string, any>} record @param {number} line */
function versionOf({ format, version }, line) {
  if (format === FORMAT && (version === 1 || version === 2)) return version;
  throw invalid(
    `Line ${line} of the export names the format ${JSON.stringify(format)} version ${JSON.stringify(version)}; ` +
      `this package reads "${FORMAT}" versions 1 and 2`,
  );
}

module.exports = { createRecordReader, invalid, metaRecord, writeRecord };
