'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { countCheck, countJestTests, countRustTests } = require('../../scripts/count-results');

const rust = (...lines) =>
  lines.map((line) => `test result: ${line}; 0 measured; 0 filtered out\n`).join('noise\n');
const jestResults = (numbers) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  ...numbers,
});

test.each([
  ['passes', 0, { passed: 1, failed: 0, skipped: 0 }],
  ['fails', 1, { passed: 0, failed: 1, skipped: 0 }],
  ['is killed', 'SIGKILL', { passed: 0, failed: 1, skipped: 0 }],
])('a check that %s counts as one', (_, code, expected) => {
  expect(countCheck(code)).toEqual(expected);
});

test('the summaries of all Rust test binaries are added up', () => {
  const output = rust('ok. 12 passed; 0 failed; 1 ignored', 'FAILED. 3 passed; 2 failed; 0 ignored');
  expect(countRustTests(output, 101)).toEqual({ passed: 15, failed: 2, skipped: 1 });
});

test('Rust tests that do not compile, or that are not there, have failed', () => {
  expect(countRustTests('error: could not compile', 101)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countRustTests('', 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  const oneOfTwo = rust('ok. 12 passed; 0 failed; 0 ignored');
  expect(countRustTests(oneOfTwo, 101)).toEqual({ passed: 12, failed: 1, skipped: 0 });
});

test("Jest's tests are counted, a file that cannot be loaded as one that failed", () => {
  const results = jestResults({
    numPassedTests: 7,
    numFailedTests: 1,
    numRuntimeErrorTestSuites: 2,
    numPendingTests: 1,
  });
  expect(countJestTests(results, 1)).toEqual({ passed: 7, failed: 3, skipped: 1 });
});

test('Jest has failed when it wrote nothing, ran nothing, or ended badly after tests that passed', () => {
  expect(countJestTests(null, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countJestTests(jestResults({}), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countJestTests(jestResults({ numPassedTests: 7 }), 1)).toEqual({ passed: 7, failed: 1, skipped: 0 });
});

test('a suite that does not exist is refused with the names of those that do', () => {
  const script = path.resolve(__dirname, '../../scripts/test.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'everything'], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '0 passed, 1 failed\n' });
  expect(stderr).toBe(
    'There is no suite "everything"; choose one of biome, types, rustfmt, clippy, rust, jest, jest8\n',
  );
});
