'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/**
 * What `npm test` runs, in this order: the checks that take seconds come first. Each `run` resolves with its counts; a
 * check without tests of its own counts as one.
 *
 * @typedef {{passed: number, failed: number, skipped: number}} Counts
 * @type {{name: string, title: string, run: (extra: string[]) => Promise<Counts>}[]}
 */
const suites = [
  check('biome', 'JavaScript lint and format', 'npx', 'biome', 'check', '--error-on-warnings'),
  check('types', 'TypeScript types', 'npx', 'tsc', '-p', '.'),
  check('rustfmt', 'Rust format', 'cargo', 'fmt', '--check'),
  check('clippy', 'Rust lint', 'cargo', 'clippy', '--all-targets', '--', '-D', 'warnings'),
  { name: 'rust', title: 'Rust tests', run: runRustTests },
  { name: 'jest', title: 'Jest on Mongoose 9', run: (extra) => runJest('9', extra) },
  { name: 'jest8', title: 'Jest on Mongoose 8', run: (extra) => runJest('8', extra) },
];

function check(name, title, ...command) {
  const run = async (extra) => {
    const { code } = await runCommand([...command, ...extra]);
    return counts(code === 0 ? 1 : 0, code === 0 ? 0 : 1);
  };
  return { name, title, run };
}

async function runRustTests(extra) {
  const { startReplicaSet } = require('./replica-set');
  const set = await startReplicaSet();
  try {
    const { code, output } = await runCommand(['cargo', 'test', '--no-fail-fast', ...extra], {
      POLYMONGO_TEST_URI: set.uri,
    });
    const totals = counts(0, 0);
    for (const [, ...found] of output.matchAll(
      /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm,
    )) {
      const [passed, failed, skipped] = found.map(Number);
      totals.passed += passed;
      totals.failed += failed;
      totals.skipped += skipped;
    }
    return failedWithout(totals, code);
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
  if (!results) return counts(0, 1);
  // A file that could not even be loaded has no tests to count: it counts as one that failed.
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  return failedWithout(counts(results.numPassedTests, failed, skipped), code);
}

/** A command that fails though no test did (it does not compile, say), or that ran nothing, has failed once. */
function failedWithout(totals, code) {
  const ranNothing = totals.passed + totals.failed === 0;
  return totals.failed === 0 && (code !== 0 || ranNothing) ? { ...totals, failed: 1 } : totals;
}

const counts = (passed, failed, skipped = 0) => ({ passed, failed, skipped });

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
    child.on('close', (code, signal) =>
      resolve({ code: code ?? signal, output: Buffer.concat(output).toString() }),
    );
  });
}

module.exports = { suites };
