'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

/** The same inputs every time, so that a failure tells of a change; other seeds are for looking further. */
const seed = Number(process.env.POLYMONGO_SEED) || 20_261_121;
const runs = Number(process.env.POLYMONGO_RUNS) || 1000;

test(`${runs} malformed inputs do no harm (POLYMONGO_SEED=${seed})`, async () => {
  const file = path.join(__dirname, 'children', 'malformed.js');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, `${seed}`, `${runs}`], {
    maxBuffer: 2 ** 27,
  });
  const { mb, ...found } = JSON.parse(stdout);
  expect({ ...found, stderr }).toEqual({ problems: [], surprises: [], polluted: false, ok: 1, stderr: '' });
  expect(mb).toBeLessThan(600);
}, 600_000);
