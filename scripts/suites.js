'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { countCheck, countJestTests, countRustTests } = require('./count-results');

/**
 * What `npm test` runs, in this order: the checks that take seconds come first.
 *
 * @type {{name: string, title: string, run: (extra: string[]) => Promise<import('./count-results').Counts>}[]}
 */
const suites = [
  check('biome', 'JavaScript lint and format', 'npx', 'biome', 'check', '--error-on-warnings'),
  check('types', 'TypeScript types', 'npx', 'tsc', '-p', '.'),
  check('rustfmt', 'Rust format', 'cargo', 'fmt', '--all', '--check'),
  check('clippy', 'Rust lint', 'cargo', 'clippy', '--workspace', '--all-targets', '--', '-D', 'warnings'),
  { name: 'rust', title: 'Rust tests', run: runRustTests },
  { name: 'jest', title: 'Jest on Mongoose 9', run: (extra) => runJest('9', extra) },
  { name: 'jest8', title: 'Jest on Mongoose 8', run: (extra) => runJest('8', extra) },
];

function check(name, title, ...command) {
  return { name, title, run: async (extra) => countCheck((await runCommand([...command, ...extra])).code) };
}

async function runRustTests(extra) {
  const { startReplicaSet } = require('./replica-set');
  const set = await startReplicaSet();
  try {
    const command = ['cargo', 'test', '--no-fail-fast', ...extra];
    const { code, output } = await runCommand(command, { POLYMONGO_TEST_URI: set.uri });
    return countRustTests(output, code);
  } finally {
    await set.stop();
  }
}

async function runJest(version, extra) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-jest-')), 'results.json');
  const command = ['npx', 'jest', '--json', `--outputFile=${file}`, ...extra];
  const { code } = await runCommand(command, { POLYMONGO_MONGOOSE: version });
  const results = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
  fs.rmSync(path.dirname(file), { recursive: true });
  return countJestTests(results, code);
}

/** Shows what the command prints while it runs, and resolves with it. */
function runCommand([command, ...args], env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { FORCE_COLOR: process.stdout.isTTY ? '1' : '0', ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk) && process.stdout.write(chunk));
    child.stderr.on('data', (chunk) => process.stderr.write(chunk));
    child.on('error', (error) => resolve({ code: error.message, output: '' }));
    child.on('close', (code, signal) => {
      resolve({ code: code ?? signal, output: Buffer.concat(output).toString() });
    });
  });
}

module.exports = { suites };
