'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { openEngine } = require('./engine');

const border = openEngine('process');
afterEach(() => border.run({ dropDatabase: 1 }));
afterAll(() => border.close());

/** Runs a scenario in a process of its own; resolves with its exit code, what it said and how long it took. */
function run(scenario, ...flags) {
  const file = path.join(__dirname, 'children', 'scenario.js');
  const started = Date.now();
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...flags, file, scenario, border.db],
      { timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({
          code: error ? (error.code ?? error.signal) : 0,
          said: stdout,
          stderr,
          took: Date.now() - started,
        });
      },
    );
  });
}

test('a process with nothing to do ends by itself, whatever is open', async () => {
  expect(await run('idle')).toMatchObject({ code: 0, stderr: '' });
  expect(await run('idleStream')).toMatchObject({ code: 0, stderr: '' });
});

test('a process that waits for something does not end before it has it', async () => {
  expect(await run('waiting')).toMatchObject({ code: 0, said: 'found 1', stderr: '' });
  expect(await run('listening')).toMatchObject({ code: 0, said: 'insert', stderr: '' });
});

test('a process may exit in the middle of it all', async () => {
  expect(await run('exit')).toMatchObject({ code: 7, stderr: '' });
});

test('an engine that nobody holds any more gives its connections back', async () => {
  expect(await run('forgotten', '--expose-gc')).toMatchObject({ code: 0, said: 'true 0', stderr: '' });
});

test('large replies are given back to the system', async () => {
  const { code, said } = await run('memory', '--expose-gc');
  expect(code).toBe(0);
  expect(Number(said)).toBeLessThan(100);
}, 60_000);
