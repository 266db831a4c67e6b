'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { openEngine } = require('./engine');

const border = openEngine('workers');
afterAll(() => border.close());

test('workers come and go in the middle of their work and disturb nobody', async () => {
  const file = path.join(__dirname, 'children', 'workers.js');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, border.db], {
    timeout: 300_000,
  });
  expect(stdout).toBe('0 errors, 0 transactions, 20 documents');
  expect(stderr).toBe('');
}, 320_000);
