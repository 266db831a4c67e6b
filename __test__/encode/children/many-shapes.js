'use strict';

// Started with --expose-gc: every document has keys of its own, and some shapes come often enough to be compiled.

const { codecOf } = require('../../../lib/protocol/codec');
const { encode } = require('../../../lib/protocol/encode');
const { mongo } = require('../../support/mongoose');

const codec = codecOf(mongo);

/** @param {number} from @param {number} to */
function write(from, to) {
  for (let i = from; i < to; i++) {
    const document = {
      [`key${i}`]: i,
      [`other${i}`]: { [`nested${i}`]: 'text' },
      list: [{ [`item${i}`]: i }],
    };
    for (let k = 0; k < (i % 10 === 0 ? 10 : 1); k++)
      encode(codec, { insert: 'c', documents: [document] }, null);
  }
}

function heap() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

write(0, 40_000);
const before = heap();
write(40_000, 120_000);
process.stdout.write(String((heap() - before) / 2 ** 20));
