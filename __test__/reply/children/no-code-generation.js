'use strict';

const assert = require('node:assert');
const { BSON } = require('../../support/mongoose').mongo;
const { HOSTILE_KEYS, ownProperties } = require('../support/arbitrary-documents');
const { assertSame } = require('../support/same');
const { createUnpacker } = require('../support/unpacker');

assert.throws(() => new Function('return 1'), EvalError);

const unpacker = createUnpacker(BSON);
const documents = [
  ownProperties(HOSTILE_KEYS.map((key, n) => [key, { n, list: [key, n, { key }] }])),
  { _id: new BSON.ObjectId(), a: 'ü', b: null, c: [new Date()], d: BSON.Long.MAX_VALUE },
];
const encoded = documents.map((document) => BSON.serialize(document));
const expected = encoded.map((document) => BSON.deserialize(document));
for (let round = 0; round < 50; round++) assertSame(unpacker.unpack(encoded), expected);
process.stdout.write('all the same');
