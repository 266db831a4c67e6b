'use strict';

const fc = require('fast-check');
const { Pending } = require('../../lib/driver/pending');

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_122;
const numRuns = Number(process.env.POLYMONGO_RUNS) || 100;

test('whoever waits is found once, in whatever order they leave', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ step: fc.integer({ min: 1, max: 3000 }), ends: fc.nat(4) }), { maxLength: 300 }),
      (turns) => {
        const pending = new Pending();
        const waiting = [];
        let number = 2 ** 31 - 5000;
        for (const { step, ends } of turns) {
          number += step;
          waiting.push({ number });
          pending.add(waiting.at(-1));
          for (const one of waiting.splice((ends * 7919) % waiting.length, ends)) {
            expect(pending.take(one.number)).toBe(one);
            expect(pending.take(one.number)).toBeUndefined();
          }
          expect(pending.size).toBe(waiting.length);
        }
        const rest = waiting.splice(0, waiting.length >> 1);
        for (const one of waiting) expect(pending.take(one.number)).toBe(one);
        expect(new Set(pending.takeAll())).toEqual(new Set(rest));
        expect([pending.size, pending.takeAll()]).toEqual([0, []]);
      },
    ),
    { seed, numRuns },
  );
});
