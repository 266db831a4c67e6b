'use strict';

const path = require('node:path');
const { PolyMongoError } = require('../error');

/**
 * `mongodb` exports these classes as types only; Mongoose itself requires the file they live in, and so do we: the one
 * that belongs to the same copy of the package, which `MongoBulkWriteError` proves.
 * @param {any} mongo the namespace `mongoose.mongo`
 * @returns {{BulkWriteResult: any, WriteError: any, WriteConcernError: any} | null}
 */
function findBulkClasses(mongo) {
  for (const file of candidates(mongo)) {
    const found = requireQuietly(file);
    if (found?.MongoBulkWriteError === mongo.MongoBulkWriteError) return found;
  }
  return null;
}

/** @returns {never} */
function refuseBulk() {
  throw new PolyMongoError(
    'Cannot find mongodb/lib/bulk/common of the mongodb package that Mongoose uses; if the application is bundled, leave mongoose and mongodb out of the bundle',
    { code: 'MONGODB_PACKAGE_NOT_FOUND' },
  );
}

/** @param {any} mongo */
function* candidates(mongo) {
  for (const [file, module] of Object.entries(require.cache)) {
    if (module?.exports === mongo) yield path.join(path.dirname(file), 'bulk', 'common');
  }
  for (const name of ['mongoose', 'mongodb']) {
    const file = resolveQuietly(name);
    const common = file && resolveQuietly('mongodb/lib/bulk/common', [path.dirname(file)]);
    if (common) yield common;
  }
}

/**
 * @param {string} name
 * @param {string[]} [paths]
 */
function resolveQuietly(name, paths) {
  try {
    return require.resolve(name, paths && { paths });
  } catch {
    return null;
  }
}

/** @param {string} file */
function requireQuietly(file) {
  try {
    return require(file);
  } catch {
    return null;
  }
}

module.exports = { findBulkClasses, refuseBulk };
