'use strict';

/** The Mongoose under test: `npm test` runs everything on 9 and again with POLYMONGO_MONGOOSE=8. */
module.exports = process.env.POLYMONGO_MONGOOSE === '8' ? require('mongoose8') : require('mongoose');
