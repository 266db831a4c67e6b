const { execFileSync } = require('node:child_process');
const path = require('node:path');

const CHILD = path.join(__dirname, 'children', 'short-lived.js');

/** How many megabytes of some 100 that are read come to the old generation, with so many wrappers on one engine. */
const grownOld = (wrappers) =>
  Number(execFileSync(process.execPath, ['--expose-gc', CHILD, String(wrappers)], { encoding: 'utf8' }));

test('what is read and let go of does not wait for a full garbage collection', () => {
  expect(grownOld(1)).toBeLessThan(5);
});

test('nor does it where two wrappers share an engine', () => {
  expect(grownOld(2)).toBeLessThan(5);
});
