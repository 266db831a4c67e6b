'use strict';

/**
 * An option, if the object itself has it: what somebody put on `Object.prototype` is no option.
 * @param {any} options
 * @param {string} name
 * @returns {any}
 */
function own(options, name) {
  return options != null && Object.hasOwn(options, name) ? options[name] : undefined;
}

module.exports = { own };
