'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const ROOT = path.join(__dirname, '..', '..');

test('an application that only loads the package loads nothing of what a wrapper works with', async () => {
  const program = `require(${JSON.stringify(ROOT)}); console.log(JSON.stringify(Object.keys(require.cache)));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program]);
  const loaded = JSON.parse(stdout).map((file) => path.relative(ROOT, file));
  expect(loaded).toContain(path.join('lib', 'wrapper', 'poly-mongo.js'));
  const parts = loaded.filter((file) =>
    /^lib.(driver|services.transfer.(?!transfers)|wrapper.core)/.test(file),
  );
  expect(parts).toEqual([]);
});

test('V8 does not look for garbage because of what commands are written to', async () => {
  const program = `
    require(${JSON.stringify(ROOT)}).createWrapper({ mongoURI: 'mongodb://127.0.0.1:1', handleSignals: false });
    console.log('created');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--trace-gc', '-e', program]);
  expect(stdout).toContain('created');
  expect(stdout).not.toContain('external memory pressure');
});
