'use strict';

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

const counts = (passed, failed, skipped = 0) => ({ passed, failed, skipped });

/**
 * A check without tests of its own counts as one.
 *
 * @param {number | string} code what its command ended with
 * @returns {Counts}
 */
function countCheck(code) {
  return code === 0 ? counts(1, 0) : counts(0, 1);
}

/**
 * @param {string} output of `cargo test`: one summary for each test binary
 * @param {number | string} code
 * @returns {Counts}
 */
function countRustTests(output, code) {
  const totals = counts(0, 0);
  for (const [, ...found] of output.matchAll(
    /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    const [passed, failed, skipped] = found.map(Number);
    totals.passed += passed;
    totals.failed += failed;
    totals.skipped += skipped;
  }
  return failedWithout(totals, code);
}

/**
 * @param {object | null} results what `jest --json` wrote, null if it wrote nothing
 * @param {number | string} code
 * @returns {Counts}
 */
function countJestTests(results, code) {
  if (!results) return counts(0, 1);
  // A file that could not even be loaded has no tests to count: it counts as one that failed.
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  return failedWithout(counts(results.numPassedTests, failed, skipped), code);
}

/** A command that fails though no test did (it does not compile, say), or that ran nothing, has failed once. */
function failedWithout(totals, code) {
  const ranNothing = totals.passed + totals.failed === 0;
  return totals.failed === 0 && (code !== 0 || ranNothing) ? { ...totals, failed: 1 } : totals;
}

module.exports = { countCheck, countJestTests, countRustTests };
