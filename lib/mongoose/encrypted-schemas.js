'use strict';

const { PolyMongoError } = require('../error');

/**
 * The engine does not encrypt fields, and what a schema declares as encrypted must not be stored as it is.
 * @param {any} model
 */
function refuseEncryptedSchema(model) {
  if (!model.schema._hasEncryptedFields?.()) return;
  throw new PolyMongoError(
    `The schema of the model "${model.modelName}" has encrypted fields, and client-side field level encryption is not supported; use the official driver for it`,
    { code: 'ENCRYPTION_UNSUPPORTED' },
  );
}

module.exports = { refuseEncryptedSchema };
