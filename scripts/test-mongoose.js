'use strict';

/**
 * Runs Mongoose's own test suite with polymongo/driver: `npm run test:mongoose -- <checkout> [part of a file name…]`.
 * The checkout is one of github.com/Automattic/mongoose (8.x or 9.x) with its dependencies installed. Every file runs in a
 * process of its own, against a fresh replica set.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { startReplicaSet } = require('./replica-set');

/** Tests of another client, of encryption and of Deno; `subdirs` loads other files a second time. */
const EXCLUDED = /^test\/(?:encryption|deno|subdirs)/;

/** What no driver but the official one can pass. */
const IMPOSSIBLE = new Map([
  [
    'allows setting client on a disconnected connection (gh-9164)',
    'setClient() takes an official MongoClient',
  ],
  [
    're-runs init() if running setClient() after disconnecting (gh-12047)',
    'setClient() takes an official MongoClient',
  ],
]);

const FILE_TIMEOUT_MS = 300_000;
const TEST_TIMEOUT_MS = '30000';

function testFiles(checkout, parts) {
  return fs
    .readdirSync(path.join(checkout, 'test'), { recursive: true })
    .map((file) => path.posix.join('test', file.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.test.js') && !EXCLUDED.test(file))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
}

function runFile(checkout, file, uri, output) {
  const mocha = ['bin/_mocha', 'bin/mocha.js'].map((name) =>
    path.join(checkout, 'node_modules', 'mocha', name),
  );
  const child = spawn(
    process.execPath,
    [
      ...['--disable-warning=MONGOOSE', mocha.find(fs.existsSync), '--no-config', '--ui', 'bdd', '--exit'],
      ...['--timeout', TEST_TIMEOUT_MS, '--require', path.join(__dirname, 'mongoose-suite-hook.js')],
      ...['--reporter', 'json', '--reporter-option', `output=${output}`, file],
    ],
    {
      cwd: checkout,
      // REPLICA_SET switches on the tests of change streams.
      env: {
        ...process.env,
        START_REPLICA_SET: '1',
        REPLICA_SET: 'rs0',
        MONGOOSE_TEST_URI: uri,
        MONGOOSE_REPLSET_URI: uri,
      },
      stdio: 'ignore',
    },
  );
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), FILE_TIMEOUT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(fs.readFileSync(output, 'utf8')));
      } catch {
        // Without a report the process died on the way.
        const err = { message: `the process ended with ${signal ?? `code ${code}`}` };
        resolve({ stats: { passes: 0, pending: 0 }, failures: [{ fullTitle: file, title: file, err }] });
      }
    });
  });
}

async function main([given, ...parts]) {
  if (!given || !fs.existsSync(path.join(given, 'lib', 'mongoose.js'))) {
    throw new Error(
      'Name a checkout of Mongoose: npm run test:mongoose -- <checkout> [part of a file name…]',
    );
  }
  const checkout = fs.realpathSync(given);
  const set = await startReplicaSet({ args: ['--setParameter', 'ttlMonitorSleepSecs=1'], log: print });
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-mongoose-suite-'));
  const total = { passed: 0, failed: 0, pending: 0, impossible: 0 };
  try {
    const uri = set.uri.replace('/?', '/mongoose_test?');
    for (const file of testFiles(checkout, parts)) {
      const { stats, failures } = await runFile(checkout, file, uri, path.join(directory, 'report.json'));
      fs.rmSync(path.join(directory, 'report.json'), { force: true });
      const real = failures.filter(({ title }) => !IMPOSSIBLE.has(title));
      total.passed += stats.passes;
      total.pending += stats.pending;
      total.failed += real.length;
      total.impossible += failures.length - real.length;
      print(`${file}: ${stats.passes} passed, ${real.length} failed`);
      for (const { fullTitle, err } of real)
        print(`  - ${fullTitle}\n      ${String(err.message).split('\n')[0]}`);
    }
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
    await set.stop();
  }
  print(
    `${total.passed} passed, ${total.failed} failed, ${total.pending} pending, ${total.impossible} impossible`,
  );
  return total.failed === 0 ? 0 : 1;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  },
);
