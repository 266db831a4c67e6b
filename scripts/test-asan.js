'use strict';

/**
 * Runs the tests that hand bytes over the border with AddressSanitizer: `npm run test:asan -- [part of a file name…]`, by
 * default those in `__test__/border` and `__test__/reply`. Linux, with gcc for its `libasan`. An address that may not be used
 * ends the process of the tests with a report, and so fails them.
 *
 * `-Zsanitizer` is a flag of nightly toolchains; `RUSTC_BOOTSTRAP` lets the installed one take it. The standard library is
 * not instrumented, our code and that of all crates is.
 */

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { startReplicaSet } = require('./replica-set');

const ROOT = path.resolve(__dirname, '..');
const TARGETS = { x64: 'x86_64-unknown-linux-gnu', arm64: 'aarch64-unknown-linux-gnu' };
const PARTS = ['__test__/border', '__test__/reply'];

function run(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
}

/** @returns {Promise<string>} the addon */
async function build() {
  const target = /** @type {Record<string, string>} */ (TARGETS)[process.arch];
  // With a target of its own, build scripts and macros of the compiler's are built without.
  const failed = await run('cargo', ['build', '--lib', '--target', target, '--target-dir', 'target/asan'], {
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: '-Zsanitizer=address -Cforce-frame-pointers=yes',
  });
  if (failed) throw new Error(`cargo build ended with ${failed}`);
  const addon = path.join(ROOT, 'target', 'asan', 'polymongo.node');
  fs.copyFileSync(path.join(ROOT, 'target', 'asan', target, 'debug', 'libpolymongo.so'), addon);
  return addon;
}

async function main(parts) {
  if (process.platform !== 'linux') throw new Error('AddressSanitizer runs on Linux only');
  const addon = await build();
  const libasan = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  if (!path.isAbsolute(libasan)) throw new Error('gcc has no libasan: apt install libasan8, or the like');
  // The servers run without it.
  const set = await startReplicaSet();
  try {
    // One process for all: what jest's own workers are sent does not reach the report.
    return await run(
      process.execPath,
      [
        'node_modules/jest/bin/jest.js',
        '--runInBand',
        '--testTimeout=300000',
        ...(parts.length > 0 ? parts : PARTS),
      ],
      {
        POLYMONGO_TEST_URI: set.uri,
        POLYMONGO_NATIVE: addon,
        LD_PRELOAD: libasan,
        // Node.js itself leaves memory to the end of the process.
        ASAN_OPTIONS: 'detect_leaks=0',
      },
    );
  } finally {
    await set.stop();
  }
}

main(process.argv.slice(2)).then(
  (failed) => {
    process.exitCode = failed ? 1 : 0;
  },
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
