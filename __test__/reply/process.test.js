'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');

/** @param {string} name @param {...string} flags of Node */
function run(name, ...flags) {
  const file = path.join(__dirname, 'children', `${name}.js`);
  return execFileSync(process.execPath, [...flags, file], { encoding: 'utf8' });
}

test('documents are read where code may not be generated from strings', () => {
  expect(run('no-code-generation', '--disallow-code-generation-from-strings')).toBe('all the same');
});

test('what is kept of a document does not keep the batch', () => {
  const { kept, megabytes } = JSON.parse(run('what-is-kept', '--expose-gc'));
  expect(kept).toBe(40);
  expect(megabytes).toBeLessThan(5);
});
