'use strict';

const fc = require('fast-check');
const { Pending } = require('../../lib/driver/pending');

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_122;
const numRuns = Number(process.env.POLYMONGO_RUNS) || 100;

test('whoever waits is found once, in whatever order operations end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ step: fc.integer({ min: 1, max: 3000 }), ends: fc.nat(4) }), { maxLength: 300 }),
      (turns) => {
        const pending = new Pending();
        const waiting = [];
        let operation = 2 ** 31 - 5000;
        for (const { step, ends } of turns) {
          operation += step;
          waiting.push({ operation });
          pending.add(waiting.at(-1));
          for (const one of waiting.splice((ends * 7919) % waiting.length, ends)) {
            expect(pending.take(one.operation)).toBe(one);
            expect(pending.take(one.operation)).toBeUndefined();
          }
        }
        for (const one of waiting) expect(pending.take(one.operation)).toBe(one);
      },
    ),
    { seed, numRuns },
  );
});
