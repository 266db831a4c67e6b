'use strict';

/**
 * Runs Mongoose's own test suite with polymongo/driver: `npm run test:mongoose -- <checkout> [part of a file name…]`.
 * The checkout is one of github.com/Automattic/mongoose (8.x or 9.x) with its dependencies installed. Every file runs in a
 * process of its own, against a fresh replica set. What is compared is the outcome with the official driver, of which
 * `mongoose-suite-expected.json` has the failures; a test that fails with ours alone is tried a second time and, if it
 * fails again, makes the exit status 1.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { resultOf } = require('./mongoose-suite-result');
const { startReplicaSet } = require('./replica-set');

/** Tests of another client, of encryption and of Deno; `subdirs` loads other files a second time. */
const EXCLUDED = /^test\/(?:encryption|deno|subdirs)/;

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
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const errors = [];
  child.stderr.on('data', (chunk) => errors.push(chunk));
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), FILE_TIMEOUT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(fs.readFileSync(output, 'utf8')));
        fs.rmSync(output);
      } catch {
        // Without a report the process died on the way.
        const said = Buffer.concat(errors).toString().trim().split('\n').slice(0, 12).join(' | ');
        const err = { message: `the process ended with ${signal ?? `code ${code}`}: ${said}` };
        resolve({ stats: { passes: 0, pending: 0 }, passes: [], failures: [{ fullTitle: file, err }] });
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
  const total = { passed: 0, pending: 0, expected: 0, unexpected: 0, unstable: 0, recovered: 0 };
  try {
    const uri = set.uri.replace('/?', '/mongoose_test?');
    const report = path.join(directory, 'report.json');
    for (const file of testFiles(checkout, parts)) {
      const reports = [await runFile(checkout, file, uri, report)];
      if (resultOf(file, reports).unexpected.length > 0)
        reports.push(await runFile(checkout, file, uri, report));
      const result = resultOf(file, reports);
      total.passed += result.passed;
      total.pending += result.pending;
      for (const kind of ['expected', 'unexpected', 'unstable', 'recovered'])
        total[kind] += result[kind].length;
      show(file, result);
    }
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
    await set.stop();
  }
  print(
    `${total.passed} passed, ${total.pending} pending, ${total.expected} failed as with the official driver, ` +
      `${total.unexpected} failed with polymongo alone, ${total.unstable} failed once of twice, ` +
      `${total.recovered} passed although expected to fail`,
  );
  return total.unexpected === 0 ? 0 : 1;
}

/** @param {string} file @param {import('./mongoose-suite-result').Result} result */
function show(file, { passed, expected, unexpected, unstable, recovered }) {
  print(`${file}: ${passed} passed, ${unexpected.length} failed`);
  for (const { title, message } of unexpected) print(`  FAILED ${title}\n         ${message}`);
  for (const title of unstable) print(`  failed once of twice: ${title}`);
  for (const { title, reason } of expected) print(`  expected to fail (${reason}): ${title}`);
  for (const title of recovered) print(`  passed although expected to fail: ${title}`);
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
