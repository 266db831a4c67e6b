'use strict';

/** BSON element types by their number. */
const READERS = /** @type {Record<number, (reader: Reader) => string>} */ ({
  1: (reader) => tagged('$numberDouble', doubleText(reader.take(8).readDoubleLE())),
  2: (reader) => JSON.stringify(reader.string()),
  3: (reader) => reader.document(),
  4: (reader) => reader.array(),
  5: (reader) => binary(reader),
  6: () => '{"$undefined":true}',
  7: (reader) => tagged('$oid', reader.take(12).toString('hex')),
  8: (reader) => (reader.take(1)[0] ? 'true' : 'false'),
  9: (reader) => `{"$date":${tagged('$numberLong', String(reader.take(8).readBigInt64LE()))}}`,
  10: () => 'null',
  11: (reader) => regularExpression(reader),
  12: (reader) =>
    `{"$dbPointer":{"$ref":${JSON.stringify(reader.string())},"$id":${tagged('$oid', reader.take(12).toString('hex'))}}}`,
  13: (reader) => tagged('$code', reader.string()),
  14: (reader) => tagged('$symbol', reader.string()),
  15: (reader) => {
    reader.take(4);
    return `{"$code":${JSON.stringify(reader.string())},"$scope":${reader.document()}}`;
  },
  16: (reader) => tagged('$numberInt', String(reader.take(4).readInt32LE())),
  17: (reader) => {
    const [i, t] = [reader.take(4).readUInt32LE(), reader.take(4).readUInt32LE()];
    return `{"$timestamp":{"t":${t},"i":${i}}}`;
  },
  18: (reader) => tagged('$numberLong', String(reader.take(8).readBigInt64LE())),
  19: (reader) => tagged('$numberDecimal', new reader.BSON.Decimal128(reader.take(16)).toString()),
  127: () => '{"$maxKey":1}',
  255: () => '{"$minKey":1}',
});

/** @param {string} key @param {string} value */
const tagged = (key, value) => `{"${key}":${JSON.stringify(value)}}`;

/** @param {number} value */
function doubleText(value) {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** @param {Reader} reader */
function binary(reader) {
  const length = reader.take(4).readInt32LE();
  const subType = reader.take(1)[0];
  const content = reader.take(length);
  // The oldest subtype repeats its length inside.
  const bytes = subType === 2 ? content.subarray(4) : content;
  return `{"$binary":{"base64":"${bytes.toString('base64')}","subType":"${subType.toString(16).padStart(2, '0')}"}}`;
}

/** @param {Reader} reader */
function regularExpression(reader) {
  const pattern = JSON.stringify(reader.key());
  return `{"$regularExpression":{"pattern":${pattern},"options":${JSON.stringify(reader.key())}}}`;
}

/** Walks BSON from front to back. The server's limit of 180 levels bounds the recursion. */
class Reader {
  #bytes;
  #at = 0;

  /** @param {Buffer} bytes @param {any} BSON */
  constructor(bytes, BSON) {
    this.#bytes = bytes;
    this.BSON = BSON;
  }

  /** @param {number} length */
  take(length) {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A text that ends with a zero byte. */
  key() {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  string() {
    const length = this.take(4).readInt32LE();
    return this.take(length).toString('utf8', 0, length - 1);
  }

  document() {
    return `{${this.#elements((key, value) => `${JSON.stringify(key)}:${value}`)}}`;
  }

  array() {
    return `[${this.#elements((_key, value) => value)}]`;
  }

  /** @param {(key: string, value: string) => string} write */
  #elements(write) {
    this.take(4);
    const parts = [];
    for (let type = this.take(1)[0]; type !== 0; type = this.take(1)[0]) {
      const key = this.key();
      parts.push(write(key, READERS[type](this)));
    }
    return parts.join(',');
  }
}

/**
 * A BSON document as canonical Extended JSON. Made from the bytes: as JavaScript objects, documents would lose the order
 * of keys that look like numbers, and what has no JavaScript value.
 * @param {Buffer} bytes
 * @param {any} BSON  The user's Mongoose's, for decimals
 * @returns {string}
 */
function toExtendedJson(bytes, BSON) {
  return new Reader(bytes, BSON).document();
}

module.exports = { toExtendedJson };
