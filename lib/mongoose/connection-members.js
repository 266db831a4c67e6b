'use strict';

const { inspect } = require('node:util');
const { PolyMongoError } = require('../error');

/** `setClient()` of a connection of ours, a tenant's or the driver's. @returns {never} */
function refuseClient() {
  throw new PolyMongoError(
    'setClient() is not possible: this connection runs on the polymongo engine and cannot take another client',
    { code: 'CONNECTION_MANAGED' },
  );
}

/**
 * `util.inspect()` of such a connection: nothing that could hold a password.
 * @param {any} connection
 * @param {import('node:util').InspectOptions} options
 */
function showConnection({ name, host, port, readyState, models }, options) {
  return `NativeConnection ${inspect({ name, host, port, readyState, models: Object.keys(models) }, options)}`;
}

module.exports = { refuseClient, showConnection };
