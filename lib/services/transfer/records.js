'use strict';

const FORMAT = 'polymongo.ndjson';
const CURRENT = /** @type {const} */ (2);

/**
 * One line of an export. Version 2 writes documents, indexes and options as canonical Extended JSON, so that every BSON
 * type comes back; version 1 is the plain JSON of polymongo 1.3.
 * @param {any} BSON the BSON of the user's Mongoose
 * @param {1|2} version
 * @param {Record<string, any>} record
 */
function writeRecord(BSON, version, record) {
  const text = version === 1 ? JSON.stringify(record) : BSON.EJSON.stringify(record, { relaxed: false });
  return text + '\n';
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

/**
 * Reads the lines of an export; the `meta` record says how the others are written.
 * @param {any} BSON
 */
function createRecordReader(BSON) {
  let version = 0;
  let line = 0;
  return {
    /** @param {string} text @returns {Record<string, any>} */
    read(text) {
      line++;
      let record;
      try {
        record = version === CURRENT ? BSON.EJSON.parse(text, { relaxed: false }) : JSON.parse(text);
      } catch (error) {
        throw new Error(`Line ${line} of the export is not valid JSON: ${error.message}`);
      }
      if (record === null || typeof record !== 'object' || typeof record.type !== 'string') {
        throw new Error(`Line ${line} of the export is no record: expected an object with a "type"`);
      }
      if (record.type === 'meta') {
        if (record.format !== FORMAT || (record.version !== 1 && record.version !== CURRENT)) {
          throw new Error(
            `Line ${line} of the export names the format ${JSON.stringify(record.format)} version ${JSON.stringify(record.version)}; this package reads "${FORMAT}" versions 1 and 2`,
          );
        }
        version = record.version;
      } else if (version === 0) {
        throw new Error(
          `Line ${line} of the export comes before the "meta" record, which must be the first line`,
        );
      }
      return record;
    },
    get line() {
      return line;
    },
  };
}

module.exports = { CURRENT, createRecordReader, metaRecord, writeRecord };
