/// <reference path="./native-packages.d.ts" />
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { version } = require('../package.json');
const { PolyMongoError } = require('./error');

/** @typedef {typeof import('./native-binding')} Native */

/**
 * The published binaries. The names stand here in full because bundlers and tracers look for literals.
 * @type {Record<string, () => unknown>}
 */
const PACKAGES = {
  'linux-x64-gnu': () => require('polymongo-linux-x64-gnu'),
  'linux-x64-musl': () => require('polymongo-linux-x64-musl'),
  'linux-arm64-gnu': () => require('polymongo-linux-arm64-gnu'),
  'linux-arm64-musl': () => require('polymongo-linux-arm64-musl'),
  'darwin-x64': () => require('polymongo-darwin-x64'),
  'darwin-arm64': () => require('polymongo-darwin-arm64'),
  'win32-x64-msvc': () => require('polymongo-win32-x64-msvc'),
  'win32-arm64-msvc': () => require('polymongo-win32-arm64-msvc'),
};

/**
 * The binaries this process could load, the likelier first: a C library is found out by trying, because asking for it
 * takes longer than loading.
 * @returns {string[]}
 */
function platforms() {
  const prefix = `${process.platform}-${process.arch}`;
  return Object.keys(PACKAGES).filter((name) => name === prefix || name.startsWith(`${prefix}-`));
}

/** @returns {{name: string, load: () => any}[]} */
function candidates() {
  const named = process.env.POLYMONGO_NATIVE;
  if (named) return [{ name: named, load: () => require(path.resolve(named)) }];
  const built = platforms().map((platform) => path.join(__dirname, 'binding', `polymongo.${platform}.node`));
  return [
    ...built.map((file) => ({ name: file, load: () => require(file) })),
    ...platforms().map((platform) => ({ name: `polymongo-${platform}`, load: PACKAGES[platform] })),
  ];
}

/**
 * @param {any} binding
 * @returns {binding is Native}
 */
function checked(binding) {
  const found = typeof binding?.version === 'function' ? binding.version() : 'unknown';
  if (found === version) return true;
  throw new Error(`it is of version ${found}, but this is polymongo ${version}`);
}

/** @returns {Native} */
function load() {
  const failures = [];
  for (const candidate of candidates()) {
    try {
      const binding = candidate.load();
      if (checked(binding)) return binding;
    } catch (error) {
      failures.push({ file: candidate.name, reason: reasonOf(candidate.name, error) });
    }
  }
  throw new PolyMongoError(explain(failures), { code: 'NATIVE_ADDON_MISSING', tried: failures });
}

/**
 * @param {string} name
 * @param {any} error
 */
function reasonOf(name, error) {
  if (error.code !== 'MODULE_NOT_FOUND') return error.message.split('\n')[0];
  return path.isAbsolute(name) || fs.existsSync(name) ? 'there is no such file' : 'it is not installed';
}

/** @param {{file: string, reason: string}[]} failures */
function explain(failures) {
  const system = [`${process.platform}-${process.arch}`, libc(), `Node.js ${process.version}`]
    .filter(Boolean)
    .join(', ');
  const tried = failures.map(({ file, reason }) => `\n  ${file}: ${reason}`).join('');
  const advice =
    failures.length === 0
      ? `There is no binary for this system; there are: ${Object.keys(PACKAGES).join(', ')}`
      : 'Install polymongo on the system it is to run on, with optional dependencies (not with --omit=optional or ' +
        '--no-optional, and not from a lockfile of another platform); in a checkout run: npm run build';
  return `The native part of polymongo cannot be loaded on this system (${system}).${tried}\n${advice}`;
}

function libc() {
  if (process.platform !== 'linux') return '';
  const report = /** @type {any} */ (process.report?.getReport());
  const glibc = report?.header?.glibcVersionRuntime;
  return glibc ? `glibc ${glibc}` : 'musl';
}

module.exports = load();
