'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

/** One lock for the server that all test files share; it names the process that holds it. */
const file = path.join(
  os.tmpdir(),
  `polymongo-fail-points-${process.env.POLYMONGO_TEST_URI?.match(/:(\d+)/)?.[1]}`,
);

/** A server has one fail point of a name: whoever sets it must be alone with it, from `beforeAll` to `afterAll`. */
async function lockFailPoints() {
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!isHeld()) fs.rmSync(file, { force: true });
      else await sleep(50);
    }
  }
}

function unlockFailPoints() {
  fs.rmSync(file, { force: true });
}

/** A process that was killed has not unlocked. */
function isHeld() {
  try {
    const pid = Number(fs.readFileSync(file, 'utf8'));
    // Empty for as long as it is being written.
    if (pid !== 0) process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

module.exports = { lockFailPoints, unlockFailPoints };
