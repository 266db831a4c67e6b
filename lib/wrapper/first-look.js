'use strict';

const { PolyMongoError } = require('../error');
const { warnOnce } = require('../services/warn-once');

/** @param {any} engine @param {any} op @param {string} dbName @returns {Promise<Set<string>>} */
async function collectionsOf(engine, op, dbName) {
  const body = {
    listCollections: 1,
    nameOnly: true,
    authorizedCollections: true,
    cursor: { batchSize: 10_000 },
  };
  const { documents, cursor } = await engine.openCursor(dbName, body, op);
  if (cursor) await engine.closeCursor(cursor);
  return new Set(documents.map((/** @type {{name: string}} */ { name }) => name));
}

/** Server errors that say "you may not look", as opposed to "the server cannot be reached". */
const FORBIDDEN = new Set([13, 18, 8000]);

/**
 * A user of 1.3 whose URI names a database has the data in `default`, where nobody would find it any more. Looks once,
 * before the first operation, and refuses to start empty.
 * @param {object} parts
 * @param {any} parts.engine         Not held back by the very check
 * @param {() => any} parts.operation
 * @param {string} parts.dbName         The database the URI names
 * @param {string} parts.formerDefault  Where polymongo 1.3 kept everything, whatever the URI named
 * @param {() => Iterable<any>} parts.models
 * @returns {() => Promise<void>} checks; again only if it could not look
 */
function firstLook({ engine, operation, dbName, formerDefault, models }) {
  /** @type {Promise<void> | null} */
  let looking = null;

  async function look() {
    const wanted = [...models()].map((model) => model.collection.collectionName);
    if (wanted.length === 0) return;
    let former;
    let named;
    try {
      const both = [formerDefault, dbName].map((name) => collectionsOf(engine, operation(), name));
      [former, named] = await Promise.all(both);
    } catch (error) {
      if (!FORBIDDEN.has(error.code)) throw error;
      warnOnce(
        `mongoURI names the database "${dbName}" and polymongo may not look whether "${formerDefault}" holds data of ` +
          'polymongo 1.3; say which one is meant with defaultDB',
        'DEFAULT_DATABASE_AMBIGUOUS',
      );
      return;
    }
    const left = wanted.filter((name) => former.has(name));
    if (left.length === 0 || wanted.some((name) => named.has(name))) return;
    throw new PolyMongoError(
      `The database "${formerDefault}" holds the collections ${left.map((name) => `"${name}"`).join(', ')} and the ` +
        `database "${dbName}" that mongoURI names holds none of them. polymongo 1.3 used "${formerDefault}" whatever ` +
        `the URI named. Pass compat: "1.3" or defaultDB: "${formerDefault}" to go on using it, or defaultDB: ` +
        `"${dbName}" to start afresh`,
      { code: 'DEFAULT_DATABASE_AMBIGUOUS', dbName, formerDefault },
    );
  }

  return () => {
    looking ??= look().catch((error) => {
      // A server out of reach says nothing: look again at the next use. The verdict itself stands.
      if (error.code !== 'DEFAULT_DATABASE_AMBIGUOUS') looking = null;
      throw error;
    });
    return looking;
  };
}

module.exports = { firstLook };
