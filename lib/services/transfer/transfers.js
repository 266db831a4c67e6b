'use strict';

const { PolyMongoError } = require('../../error');
const { copyDatabase } = require('./copy-database');
const { exportDatabase, exportStream } = require('./export-database');
const { importDatabase, importStream } = require('./import-database');

/**
 * Exports, imports and copies of whole databases.
 * @param {{
 *   database: (name: string) => {db: any, BSON: any},
 *   logger: {info: (message: string) => void},
 *   copyDefault?: 'error'|'merge',
 *   streamVersion?: 1|2,
 * }} parts `database` checks the name and throws for a bad one
 */
function createTransfers({ database, logger, copyDefault = 'error', streamVersion = 2 }) {
  return {
    /** @param {string} name */
    async exportDB(name) {
      logger.info(`Exporting database ${name}`);
      return exportDatabase(database(name), name);
    },

    /** @param {string} name @param {any} data */
    async importDB(name, data) {
      logger.info(`Importing into database ${name}`);
      return importDatabase(database(name), name, data);
    },

    /** @param {string} name @param {{version?: 1|2}} [options] */
    exportDBStream(name, options = {}) {
      const { version = streamVersion } = options;
      if (version !== 1 && version !== 2) {
        throw new PolyMongoError(`exportDBStream() writes version 1 or 2, got version ${String(version)}`, {
          code: 'OPTION_INVALID',
        });
      }
      return exportStream(database(name), name, { version });
    },

    /** @param {string} name @param {NodeJS.ReadableStream} stream @param {{batchSize?: number, stopOnError?: boolean}} [options] */
    async importDBStream(name, stream, options) {
      logger.info(`Importing a stream into database ${name}`);
      return importStream(database(name), name, stream, options);
    },

    /** @param {string} from @param {string} to @param {{onExisting?: 'error'|'merge'|'replace', merge?: boolean, drop?: boolean}} [options] */
    async copyDatabase(from, to, options = {}) {
      logger.info(`Copying database ${from} to ${to}`);
      return copyDatabase(database(from), database(to), {
        from,
        to,
        onExisting: onExisting(options, copyDefault),
      });
    },
  };
}

/**
 * @param {{onExisting?: string, merge?: boolean, drop?: boolean}} options
 * @param {'error'|'merge'} otherwise
 * @returns {'error'|'merge'|'replace'}
 */
function onExisting({ onExisting: chosen, merge, drop }, otherwise) {
  if (chosen !== undefined && !['error', 'merge', 'replace'].includes(chosen)) {
    throw new PolyMongoError(
      `onExisting must be 'error', 'merge' or 'replace', got ${JSON.stringify(chosen)}`,
      {
        code: 'OPTION_INVALID',
      },
    );
  }
  if (chosen !== undefined) return /** @type {'error'|'merge'|'replace'} */ (chosen);
  if (drop === true) return 'replace';
  return merge === true ? 'merge' : otherwise;
}

module.exports = { createTransfers };
