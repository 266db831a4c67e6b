'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');

/** @param {string} name @param {...string} flags of Node */
function run(name, ...flags) {
  const file = path.join(__dirname, 'children', `${name}.js`);
  return execFileSync(process.execPath, [...flags, file], { encoding: 'utf8' });
}

test('documents are written where code may not be generated from strings', () => {
  expect(run('no-code-generation', '--disallow-code-generation-from-strings')).toBe('all the same');
});

test('shapes without end do not fill the memory', () => {
  expect(Number(run('many-shapes', '--expose-gc'))).toBeLessThan(8);
});
