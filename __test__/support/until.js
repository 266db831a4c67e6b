'use strict';

/**
 * Waits for something to become true, and fails when it does not.
 * @param {() => any} condition
 * @param {number} [timeoutMS]
 */
async function until(condition, timeoutMS = 5000) {
  const deadline = Date.now() + timeoutMS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

module.exports = { until };
