'use strict';

// Loaded by mocha before Mongoose's own tests: puts polymongo/driver in the place of the official driver.
const path = require('node:path');

const checkout = process.cwd();
const mongoose = require(path.join(checkout, 'index.js'));
const driver = require('../driver')(mongoose);

// New instances read the registry, the default one was made before.
require(path.join(checkout, 'lib', 'driver.js')).set(driver);
mongoose.setDriver(driver);
