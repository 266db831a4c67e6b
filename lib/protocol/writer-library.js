'use strict';

const { bytes } = require('./writer-buffer');

/**
 * @typedef {object} WriteOptions as the library understands them
 * @property {boolean} checkKeys
 * @property {boolean} ignoreUndefined
 * @property {boolean} serializeFunctions
 */

/**
 * What has the library write a value, whatever it is, and copies that.
 * @param {import('./codec').Codec['BSON']} BSON
 * @returns {(type: number, at: number, value: any, options: WriteOptions) => number}
 */
function libraryWriterOf(BSON) {
  /** The value of a field as the library writes it: it is asked for the `toBSON()` of this. */
  const carrier = { value: /** @type {any} */ (null), toBSON: () => carrier.value };
  const carrying = { '': carrier };

  return (type, at, value, options) => {
    carrier.value = value;
    try {
      const made = BSON.serialize(carrying, options);
      // Four bytes of length, a type, the empty key; at last a terminator.
      if (made.length === 5) return type;
      bytes[type] = made[4];
      bytes.set(made.subarray(6, -1), at);
      return at + made.length - 7;
    } finally {
      carrier.value = null;
    }
  };
}

module.exports = { libraryWriterOf };
