'use strict';

/**
 * Tests that fail with the official driver as well, or cannot pass with any other, and why: by file and full title.
 * @type {Record<string, Record<string, string>>}
 */
const EXPECTED = require('./mongoose-suite-expected.json');

/**
 * What one file's tests came to, against what was to be expected.
 * @typedef {object} Result
 * @property {number} passed
 * @property {number} pending
 * @property {{title: string, reason: string}[]} expected   fail as they do with the official driver
 * @property {{title: string, message: string}[]} unexpected fail with this driver alone
 * @property {string[]} unstable   failed in one of two runs
 * @property {string[]} recovered  pass although they were expected to fail
 */

/**
 * @param {string} file
 * @param {any[]} reports mocha's: of the first run, and of a second one if there was one
 * @param {typeof EXPECTED} [expectations]
 * @returns {Result}
 */
function resultOf(file, reports, expectations = EXPECTED) {
  const known = expectations[file] ?? {};
  const last = reports[reports.length - 1];
  const failedAlways = last.failures.filter(({ fullTitle }) =>
    reports.every(({ failures }) => failures.some((failure) => failure.fullTitle === fullTitle)),
  );
  const failed = new Set(reports.flatMap(({ failures }) => failures.map(({ fullTitle }) => fullTitle)));
  const always = new Set(failedAlways.map(({ fullTitle }) => fullTitle));
  return {
    passed: last.stats.passes,
    pending: last.stats.pending,
    expected: failedAlways
      .filter(({ fullTitle }) => Object.hasOwn(known, fullTitle))
      .map(({ fullTitle }) => ({ title: fullTitle, reason: known[fullTitle] })),
    unexpected: failedAlways
      .filter(({ fullTitle }) => !Object.hasOwn(known, fullTitle))
      .map(({ fullTitle, err }) => ({ title: fullTitle, message: String(err.message).split('\n')[0] })),
    unstable: [...failed].filter((title) => !always.has(title) && !Object.hasOwn(known, title)),
    recovered: last.passes.map(({ fullTitle }) => fullTitle).filter((title) => Object.hasOwn(known, title)),
  };
}

module.exports = { resultOf };
