'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { runStep } = require('./run-step');

// This runs before the dependencies exist: nothing but Node's own modules may be required at the top of a file here.

const root = path.resolve(__dirname, '..');
const OLDEST_NODE = 20;

/**
 * Makes a fresh clone ready to run: dependencies, addon, mongod. What is in place already is left as it is.
 *
 * @returns {Promise<{path: string, version: string, how: string}>} the mongod
 */
async function setUp() {
  requireNode();
  // Not `npm ci`: it refuses a lock file that does not name the optional binaries of every other system.
  if (!dependenciesAreInstalled()) {
    await npm('Installing dependencies', 'install', '--no-save', '--include=dev', '--no-audit', '--no-fund');
  }
  requireRust();
  // Always, because cargo knows best what has changed; when nothing has, it takes a second.
  await npm('Building the addon', 'run', 'build');
  const { findMongod } = require('./mongod');
  return findMongod({ log: (line) => process.stdout.write(`${line}\n`) });
}

function requireNode() {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < OLDEST_NODE) {
    throw new Error(
      `Node.js ${OLDEST_NODE} or newer is needed, this is ${process.versions.node} (https://nodejs.org)`,
    );
  }
}

/** npm keeps a list of what it has installed: it has to name every package of our lock file in the same version. */
function dependenciesAreInstalled() {
  const installed = readPackages('node_modules/.package-lock.json');
  if (!installed) return false;
  return Object.entries(readPackages('package-lock.json')).every(([name, { version, optional }]) => {
    if (name === '') return true;
    return installed[name] ? installed[name].version === version : optional;
  });
}

function readPackages(file) {
  const absolute = path.join(root, file);
  return fs.existsSync(absolute) ? JSON.parse(fs.readFileSync(absolute, 'utf8')).packages : null;
}

function requireRust() {
  const [, oldest] = /^rust-version = "([\d.]+)"/m.exec(
    fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8'),
  );
  const advice = 'install it with rustup (https://rustup.rs), or update it with "rustup update stable"';
  for (const tool of ['rustc', 'cargo']) {
    const version = versionOf(tool);
    if (!version) throw new Error(`The addon is built from Rust and ${tool} was not found; ${advice}`);
    if (version.localeCompare(oldest, undefined, { numeric: true }) < 0) {
      throw new Error(`The addon needs Rust ${oldest} or newer, this is ${tool} ${version}; ${advice}`);
    }
  }
}

function versionOf(tool) {
  try {
    return /\d+\.\d+\.\d+/.exec(execFileSync(tool, ['--version'], { encoding: 'utf8', cwd: root }))?.[0];
  } catch {
    return null;
  }
}

function npm(title, ...args) {
  return runStep(title, 'npm', args, { cwd: root, shell: process.platform === 'win32' });
}

module.exports = { setUp };
