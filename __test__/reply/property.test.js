'use strict';

const fc = require('fast-check');
const mongoose = require('../support/mongoose');
const { arbitraryDocuments } = require('./support/arbitrary-documents');
const { assertSame, outcome } = require('./support/same');
const { createUnpacker } = require('./support/unpacker');

const { BSON } = mongoose.mongo;

/** Enough for a shape to be learned, interpreted and compiled. */
const ROUNDS = 12;

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_122;
const runs = Number(process.env.POLYMONGO_RUNS) || 100;

describe(`documents unpacked in Rust, against BSON.deserialize (POLYMONGO_SEED=${seed})`, () => {
  test('random documents of all types', () => {
    const unpackers = [createUnpacker(BSON), createUnpacker(BSON)];
    let used = 0;
    fc.assert(
      fc.property(arbitraryDocuments(BSON), (documents) => {
        // The first one's registry of shapes is soon full, the other one is often new.
        if (used % 20 === 0) unpackers[1] = createUnpacker(BSON);
        used += 1;
        const unpacker = unpackers[used % 2];
        const bytes = documents.map((document) => BSON.serialize(document, { ignoreUndefined: false }));
        const expected = bytes.map((document) => BSON.deserialize(document));
        for (let round = 0; round < ROUNDS; round++) assertSame(unpacker.unpack(bytes), expected);
      }),
      { seed, numRuns: runs },
    );
  }, 120_000);

  test('damaged documents are refused when BSON.deserialize refuses them, and read as it does otherwise', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    const unpacker = createUnpacker(BSON);
    fc.assert(
      fc.property(arbitraryDocuments(BSON), damage, ([document], changes) => {
        const sound = BSON.serialize(document, { ignoreUndefined: false });
        const damaged = Buffer.from(sound);
        // The first four bytes say where the next document begins.
        for (const [at, byte] of changes) damaged[4 + (at % (damaged.length - 4))] = byte;
        const expected = outcome(() => BSON.deserialize(damaged));
        for (let round = 0; round < ROUNDS; round++) {
          unpacker.unpack([sound]);
          const actual = outcome(() => unpacker.unpack([damaged])[0]);
          if (expected.error) expect(actual.error?.name).toBe(expected.error.name);
          else assertSame(actual.value, expected.value);
        }
      }),
      { seed, numRuns: runs },
    );
  }, 120_000);
});
