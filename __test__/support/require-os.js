'use strict';

/**
 * The official driver of Mongoose 9, with which tests look at the server, loads `os` by a dynamic import. Jest's
 * sandbox refuses those without an experimental flag, and the driver then never connects.
 */
module.exports = {
  process: (source) => ({ code: source.replaceAll("await import('os')", "require('os')") }),
};
