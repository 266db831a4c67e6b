'use strict';

// Started with --disallow-code-generation-from-strings.

const assert = require('node:assert');
const { codecOf } = require('../../../lib/protocol/codec');
const { encode } = require('../../../lib/protocol/encode');
const { makeDocument } = require('../../../bench/document');
const { mongo } = require('../../support/mongoose');

assert.throws(() => new Function('return 1'), EvalError);

for (let i = 0; i < 100; i++) {
  const command = {
    insert: 'users',
    documents: [makeDocument(i), { _id: new mongo.ObjectId(), i }],
    ordered: true,
  };
  const expected = mongo.BSON.serialize(command, { ignoreUndefined: false });
  assert.ok(encode(codecOf(mongo), command, null).equals(expected));
}
process.stdout.write('all the same');
