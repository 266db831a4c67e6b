const { spawn } = require('node:child_process');
const path = require('node:path');
const { model, wrappers } = require('./support/wrappers');

const { create } = wrappers('wexit');
const CHILD = path.join(__dirname, 'children', 'process.js');

/** Starts the child, signals it when it is ready, and tells how it ended. */
function run(mode, signal) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, ['--expose-gc', CHILD, mode]);
    let output = '';
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    child.stdout.on('data', (text) => {
      if (signal && !output.includes('ready')) setTimeout(() => child.kill(signal), 30);
      output += text;
    });
    child.on('close', (code, ended) =>
      resolve({ code, signal: ended, lines: output.trim().split('\n'), errors, ms: Date.now() - started }),
    );
  });
}

const stored = () => create({ sharePool: false }).wrapModel(model()).db('wexit_child').countDocuments();

test('a process with an idle wrapper ends by itself', async () => {
  expect(await run('idle')).toMatchObject({ code: 0, signal: null, lines: ['0'], errors: '' });
});

test('so does one that waits for the next attempt to connect', async () => {
  const { ms, ...ended } = await run('unreachable');
  expect(ended).toMatchObject({ code: 0, signal: null, lines: ['MongoServerSelectionError'], errors: '' });
  expect(ms).toBeLessThan(10_000);
});

test('a wrapper that nobody holds any more gives its connections back', async () => {
  expect(await run('forgotten')).toMatchObject({ code: 0, lines: ['true 0'], errors: '' });
});

test('SIGTERM drains: what is in flight is acknowledged, then the signal ends the process', async () => {
  const { signal, lines } = await run('writing', 'SIGTERM');
  expect({ signal, lines }).toEqual({
    signal: 'SIGTERM',
    lines: ['ready', expect.stringMatching(/^acknowledged \d+$/)],
  });
  expect(await stored()).toBe(Number(lines[1].split(' ')[1]));
});

test('a handler that drains sees every write acknowledged, and the process ends by itself', async () => {
  expect(await run('draining', 'SIGTERM')).toMatchObject({
    code: 0,
    signal: null,
    lines: ['ready', 'in flight true', 'acknowledged 1000'],
  });
  expect(await stored()).toBe(1000);
});

test('an application that handles SIGTERM finishes its work', async () => {
  expect(await run('handling', 'SIGTERM')).toMatchObject({
    code: 0,
    signal: null,
    lines: ['ready', 'acknowledged 100'],
  });
  expect(await stored()).toBe(100);
});

test('a hundred wrappers that were used and closed leave nothing', async () => {
  const { code, lines, errors } = await run('hundred');
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const { megabytes, ...left } = Object.fromEntries(JSON.parse(lines[0]));
  expect(left).toEqual({ threads: 0, sockets: 0, timers: 0 });
  expect(megabytes).toBeLessThan(5);
}, 120_000);
