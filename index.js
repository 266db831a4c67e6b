'use strict';

// A binary that is missing is missed at once; all that works with it is loaded with the first wrapper.
require('./lib/native');
const { PolyMongoError } = require('./lib/error');
const { PolyMongo } = require('./lib/wrapper/poly-mongo');

// The class is the module, and carries under each of its names what importers ask for.
module.exports = Object.assign(PolyMongo, {
  default: PolyMongo,
  PolyMongo,
  PolyMongoWrapper: PolyMongo,
  PolyMongoError,
  Types: Object.freeze({}),
});
