'use strict';

const { createRequire } = require('node:module');
const { join } = require('node:path');
const { PolyMongoError } = require('../error');

/**
 * The application's Mongoose: needed where no model has been wrapped yet that could say which one it is.
 * @returns {any}
 */
function findMongoose() {
  const places = [require.main?.filename, join(process.cwd(), 'index.js'), __filename];
  for (const place of places) {
    if (typeof place !== 'string') continue;
    try {
      return createRequire(place)('mongoose');
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new PolyMongoError(
    'Mongoose was not found: polymongo uses the one of your application. Install it (npm install mongoose), or wrap ' +
      'a model before anything else',
    { code: 'MONGOOSE_MISSING' },
  );
}

module.exports = { findMongoose };
