'use strict';

const fc = require('fast-check');
const mongoose = require('../support/mongoose');
const { Codec } = require('../../lib/protocol/codec');
const { encode } = require('../../lib/protocol/encode');
const { arbitraryInputs } = require('./arbitrary-values');

const { BSON } = mongoose.mongo;
const other = mongoose === require('mongoose') ? require('mongoose8') : require('mongoose');

/** Enough for a shape to be learned and compiled. */
const ROUNDS = 12;

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_122;
const runs = Number(process.env.POLYMONGO_RUNS) || 300;

const outcome = (run) => {
  try {
    return Buffer.from(run()).toString('hex');
  } catch (error) {
    return `${error.constructor.name} ${error.name}: ${error.message}`;
  }
};

const options = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constant({ checkKeys: false, ignoreUndefined: false, serializeFunctions: false }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      checkKeys: fc.boolean(),
      ignoreUndefined: fc.boolean(),
      serializeFunctions: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ignoreUndefined: fc.constantFrom(undefined, 1, 0, null) }) },
);

describe(`documents, against BSON.serialize (POLYMONGO_SEED=${seed})`, () => {
  test('bytes and errors are the same', () => {
    const codecs = [new Codec(mongoose.mongo), new Codec(mongoose.mongo)];
    let used = 0;
    fc.assert(
      fc.property(arbitraryInputs(BSON, other.mongo.BSON), options, (inputs, given) => {
        // The first one has seen all, the other one is often new.
        if (used % 20 === 0) codecs[1] = new Codec(mongoose.mongo);
        used += 1;
        const expected = inputs.map((input) => outcome(() => BSON.serialize(input, given)));
        for (let round = 0; round < ROUNDS; round++) {
          const actual = inputs.map((input) =>
            Buffer.isBuffer(input) ? null : outcome(() => encode(codecs[used % 2], input, given)),
          );
          actual.forEach((one, i) => {
            if (one !== null) expect(one).toBe(expected[i]);
          });
        }
      }),
      { seed, numRuns: runs },
    );
  }, 240_000);
});
