'use strict';

/**
 * Whether a value is a compiled Mongoose model (of whichever copy of Mongoose).
 * @param {any} value
 * @returns {boolean}
 */
function isModel(value) {
  return (
    typeof value === 'function' &&
    typeof value.modelName === 'string' &&
    value.schema?.instanceOfSchema === true &&
    typeof value.base?.Model === 'function' &&
    value.prototype instanceof value.base.Model
  );
}

module.exports = { isModel };
