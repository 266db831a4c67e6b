'use strict';

const { bytes, view } = require('./writer-buffer');
const { TYPE, putBinary } = require('./writer-values');

/**
 * What writes the values of BSON types, those of one library, and answers -1 for a type that is rare.
 * @param {import('./codec').Codec['BSON']} BSON
 * @returns {import('./writer-site').Write}
 */
function typeWriterOf({ Binary, Decimal128, Double, Int32, Long }) {
  return (type, at, value) => {
    const name = value._bsontype;
    if (name === 'Decimal128' && value instanceof Decimal128) {
      bytes[type] = TYPE.decimal128;
      bytes.set(value.bytes.subarray(0, 16), at);
      return at + 16;
    }
    if (name === 'Binary' && value instanceof Binary) {
      const { sub_type: subtype, position, buffer } = value;
      // Two subtypes have a form of their own.
      if (subtype !== Binary.SUBTYPE_BYTE_ARRAY && subtype !== Binary.SUBTYPE_VECTOR) {
        bytes[type] = TYPE.binary;
        return putBinary(at, subtype, buffer.subarray(0, position));
      }
    }
    if (name === 'Long' && value instanceof Long) {
      bytes[type] = TYPE.int64;
      view.setInt32(at, value.getLowBits(), true);
      view.setInt32(at + 4, value.getHighBits(), true);
      return at + 8;
    }
    if (name === 'Double' && value instanceof Double) {
      bytes[type] = TYPE.double;
      view.setFloat64(at, value.value, true);
      return at + 8;
    }
    if (name === 'Int32' && value instanceof Int32) {
      bytes[type] = TYPE.int32;
      view.setInt32(at, value.valueOf(), true);
      return at + 4;
    }
    return -1;
  };
}

module.exports = { typeWriterOf };
