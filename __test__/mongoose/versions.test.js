'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

test('both versions of Mongoose work in the main thread and in two workers at once, with their own classes, and all end', async () => {
  const file = path.join(__dirname, 'children', 'versions.js');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { timeout: 100_000 });
  const all = '9:5:true:true 8:5:true:true 9:5:true:true 8:5:true:true';
  expect(stdout.split('\n')).toEqual([all, `${all} exit 0`, `${all} exit 0`]);
  expect(stderr).toBe('');
}, 120_000);
