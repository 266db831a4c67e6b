'use strict';

const { setImmediate } = require('node:timers/promises');
const { BSON } = require('../../support/mongoose').mongo;
const { createUnpacker } = require('../support/unpacker');

const unpacker = createUnpacker(BSON);
const MB = 2 ** 20;
const DOCUMENTS = 40;

/** What lives after a few collections: memory that Rust lent is given back by finalizers, between them. */
async function megabytes() {
  for (let round = 0; round < 5; round++) {
    globalThis.gc();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return (heapUsed + arrayBuffers + external) / MB;
}

/** Reads a batch of some 80 MB and keeps little of each document. */
function keep(pick) {
  const documents = Array.from({ length: DOCUMENTS }, (_, n) => ({
    name: `a name that is long enough to be cut out ${n}`,
    wide: `ein Name, der lang genug für einen Schnitt ist ${n}`,
    id: new BSON.UUID().toBinary(),
    text: 'x'.repeat(MB),
    bytes: new BSON.Binary(Buffer.alloc(MB)),
  }));
  const encoded = documents.map((document) => BSON.serialize(document));
  return [encoded, encoded].map((batch) => unpacker.unpack(batch).map(pick))[1];
}

async function main() {
  const before = await megabytes();
  const kept = keep(({ name, wide, id }) => ({ name, wide, id }));
  const grown = (await megabytes()) - before;
  process.stdout.write(JSON.stringify({ kept: kept.length, megabytes: Math.round(grown) }));
}

main();
