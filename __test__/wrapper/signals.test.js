const { spawn } = require('node:child_process');
const path = require('node:path');

const CHILD = path.join(__dirname, 'children', 'signals.js');

/** Starts the child, sends the signals as lines appear, and tells how it ended. */
function run(mode, signals) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CHILD, mode]);
    let output = '';
    const waiting = [...signals];
    child.stdout.on('data', (text) => {
      output += text;
      while (waiting.length > 0 && output.includes(waiting[0][0])) child.kill(waiting.shift()[1]);
    });
    child.on('close', (code, signal) => resolve({ code, signal, lines: output.trim().split('\n') }));
  });
}

test.each(['SIGTERM', 'SIGINT', 'SIGUSR2'])('%s: closes, then ends by that very signal', async (signal) => {
  expect(await run('plain', [['ready', signal]])).toEqual({
    code: null,
    signal,
    lines: ['ready', 'closing', 'closed'],
  });
});

test('a second signal is raised at once', async () => {
  const signals = [
    ['ready', 'SIGTERM'],
    ['closing', 'SIGINT'],
  ];
  expect(await run('slow', signals)).toEqual({ code: null, signal: 'SIGINT', lines: ['ready', 'closing'] });
});

test('an application that listens itself keeps its databases until it is done', async () => {
  expect(await run('application', [['ready', 'SIGTERM']])).toEqual({
    code: 0,
    signal: null,
    lines: ['ready', 'application handles', 'closing', 'closed'],
  });
});

test('passive listeners are not the application', async () => {
  expect(await run('passive', [['ready', 'SIGTERM']])).toEqual({
    code: null,
    signal: 'SIGTERM',
    lines: ['ready', 'closing', 'closed', 'passive listener acts'],
  });
});

test.each([
  ['off', 'SIGTERM'],
  ['list', 'SIGTERM'],
  ['stopped', 'SIGTERM'],
])('%s: not ours to handle', async (mode, signal) => {
  expect(await run(mode, [['ready', signal]])).toEqual({ code: null, signal, lines: ['ready'] });
});

test('a list of signals', async () => {
  expect((await run('list', [['ready', 'SIGUSR2']])).lines).toEqual(['ready', 'closing', 'closed']);
});
