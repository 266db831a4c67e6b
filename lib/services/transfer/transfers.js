'use strict';

const { PolyMongoError } = require('../../error');
const { received } = require('../../protocol/option-values');
const { checkIsObject, checkOptions } = require('../../wrapper/check-options');

// What does the work is loaded when there is some: most processes never transfer anything.

/** @typedef {import('../../protocol/option-values').OptionEntry} OptionEntry */

/** @param {string} name @param {string} type @param {Partial<OptionEntry>} [more] @returns {OptionEntry} */
const option = (name, type, more) => ({ name, kind: 'own', type, ...more });

const COPY_OPTIONS = [
  option('onExisting', 'enum', { values: ['error', 'merge', 'replace'] }),
  option('merge', 'boolean'),
  option('drop', 'boolean'),
  option('onProgress', 'function'),
];
const IMPORT_OPTIONS = [
  option('batchSize', 'count'),
  option('stopOnError', 'boolean'),
  option('onProgress', 'function'),
];

/** @param {OptionEntry[]} table @param {any} options @param {string} call */
function read(table, options, call) {
  if (options === undefined) return {};
  checkIsObject(options, `the options of ${call}()`);
  return checkOptions(table, options, { warnings: [] });
}

/**
 * Exports, imports and copies of whole databases.
 * @param {object} parts
 * @param {(name: unknown) => import('./importer').Place} parts.database  Checks the name and throws for a bad one
 * @param {{info: (message: string, details?: unknown) => void}} parts.logger
 * @param {'error'|'merge'} parts.copyDefault
 * @param {1|2} parts.streamVersion
 */
function createTransfers({ database, logger, copyDefault, streamVersion }) {
  /** @template T @param {string} what @param {() => Promise<T>} work @returns {Promise<T>} */
  async function logged(what, work) {
    logger.info(`${what} begins`);
    const result = await work();
    logger.info(`${what} is done`);
    return result;
  }

  return {
    /** @param {unknown} name */
    async exportDB(name) {
      const source = database(name);
      const { exportDatabase } = require('./export-database');
      return logged(`Export of ${JSON.stringify(name)}`, () => exportDatabase(source));
    },

    /** @param {unknown} name @param {any} data @param {any} [options] */
    async importDB(name, data, options) {
      const target = database(name);
      const given = read(IMPORT_OPTIONS, options, 'importDB');
      const { importDatabase } = require('./import-database');
      return logged(`Import into ${JSON.stringify(name)}`, () => importDatabase(target, data, given));
    },

    /** @param {unknown} name @param {{version?: 1|2}} [options] */
    exportDBStream(name, { version = streamVersion } = {}) {
      if (version !== 1 && version !== 2) {
        throw new PolyMongoError(`version of exportDBStream() must be 1 or 2${received(version)}`, {
          code: 'OPTION_INVALID',
          option: 'version',
        });
      }
      const { exportStream } = require('./export-database');
      return exportStream(database(name), version);
    },

    /** @param {unknown} name @param {any} stream @param {any} [options] */
    async importDBStream(name, stream, options) {
      const target = database(name);
      const given = read(IMPORT_OPTIONS, options, 'importDBStream');
      const { importStream } = require('./import-database');
      return logged(`Import into ${JSON.stringify(name)}`, () => importStream(target, stream, given));
    },

    /** @param {unknown} from @param {unknown} to @param {any} [options] */
    async copyDatabase(from, to, options) {
      const [source, target] = [database(from), database(to)];
      const { onProgress, ...given } = read(COPY_OPTIONS, options, 'copyDatabase');
      const { copyDatabase } = require('./copy-database');
      const how = { onExisting: onExisting(given, copyDefault), onProgress };
      return logged(`Copy of ${JSON.stringify(from)} to ${JSON.stringify(to)}`, () =>
        copyDatabase(source, target, how),
      );
    },
  };
}

/**
 * @param {Record<string, any>} given
 * @param {'error'|'merge'} otherwise
 * @returns {'error'|'merge'|'replace'}
 */
function onExisting({ onExisting: chosen, merge, drop }, otherwise) {
  if (chosen !== undefined) return chosen;
  if (drop === true) return 'replace';
  return merge === true ? 'merge' : otherwise;
}

module.exports = { createTransfers };
