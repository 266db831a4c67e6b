'use strict';

const { PolyMongoError } = require('../error');

/**
 * @typedef {object} DefaultDatabase
 * @property {string} name
 * @property {string | null} fixed  The URI's database, when it is the only one that may be used
 * @property {boolean} ambiguous    A user of 1.3 may have data in `default`: look before the first use
 * @property {string[]} warnings
 */

/** Options that show that several databases are meant. @param {Record<string, any>} given @param {string} uriDatabase */
function signsOfSeveral(given, uriDatabase) {
  /** @type {[string, boolean][]} */
  const signs = [
    ['defaultDB', given.defaultDB !== undefined && given.defaultDB !== uriDatabase],
    ['dbSpecific', given.dbSpecific?.length > 0],
    ['allowDatabase', given.allowDatabase !== undefined],
    ['databaseName', given.databaseName !== undefined],
    ['requireTenant', given.requireTenant === true],
    ['compat', given.compat !== undefined],
  ];
  return signs.filter(([, isThere]) => isThere).map(([name]) => name);
}

/**
 * Decides which database a model means when nobody names one, and whether others may be used at all.
 * @param {Record<string, any>} given  The options as given, by proper names
 * @param {string | null} uriDatabase
 * @param {(name: unknown) => string} checkName
 * @returns {DefaultDatabase}
 */
function chooseDefaultDatabase(given, uriDatabase, checkName) {
  const name = checkName(given.defaultDB ?? (given.compat ? null : uriDatabase) ?? 'default');
  if (uriDatabase === null) {
    const warnings =
      given.preferURI === true ? ['preferURI: true has no effect: mongoURI names no database'] : [];
    return { name, fixed: null, ambiguous: false, warnings };
  }
  const signs = signsOfSeveral(given, uriDatabase);
  if (given.preferURI === true && signs.length > 0) {
    throw new PolyMongoError(
      `preferURI: true allows only the database "${uriDatabase}" that mongoURI names, but ${signs.join(', ')} ` +
        'asks for others; remove one of the two',
      { code: 'OPTION_INVALID', option: 'preferURI' },
    );
  }
  return {
    name,
    fixed: (given.preferURI ?? signs.length === 0) ? uriDatabase : null,
    ambiguous: [given.defaultDB, given.preferURI, given.compat].every((option) => option === undefined),
    warnings: [],
  };
}

/** @param {string} dbName @param {string} uriDatabase */
function fixedByUri(dbName, uriDatabase) {
  return new PolyMongoError(
    `DATABASE_FIXED_BY_URI: .db(${JSON.stringify(dbName)}) refused: mongoURI names the database ` +
      `${JSON.stringify(uriDatabase)}, so all models use it. To use several databases pass preferURI: false ` +
      `(.db() still means ${JSON.stringify(uriDatabase)}) or remove "/${uriDatabase}" from mongoURI. Coming from ` +
      'polymongo 1.3 (default database "default")? Pass compat: "1.3".',
    { code: 'DATABASE_FIXED_BY_URI', status: 400, dbName, uriDatabase },
  );
}

module.exports = { chooseDefaultDatabase, fixedByUri };
