'use strict';

// The programs that are compared, each in a process of its own that answers one request at a time.

const { fork, spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { runStep } = require('../scripts/run-step');
const { halfOfTheCores } = require('./half-of-the-cores');

const ROOT = path.join(__dirname, '..');
const HALF = halfOfTheCores();
/** The size of every peer's pool. */
const POOL = 20;

/** What stands in tables for each of them. */
const TITLES = {
  official: 'Mongoose useDb()',
  upstream: 'polymongo 1.3.0',
  polymongo: 'polymongo',
  limit: 'bare Rust driver',
};

/**
 * Mongoose on the official driver, the published polymongo or this one.
 *
 * @param {'official' | 'upstream' | 'polymongo'} name
 * @param {{mongooseName: string, uri: string, database: string}} settings
 */
function startNodePeer(name, { mongooseName, uri, database }) {
  const child = fork(path.join(__dirname, 'peer.js'), [name, mongooseName, uri, database, String(POOL)], {
    // The published package writes to the console.
    stdio: ['ignore', name === 'upstream' ? 'ignore' : 'inherit', 'inherit', 'ipc'],
    ...HALF,
  });
  const answers = answering(child, (take) => child.on('message', take));
  return {
    name,
    ready: answers.next(),
    measure(request) {
      child.send(request);
      return answers.next();
    },
    stop: () => new Promise((resolve) => child.once('exit', resolve) && child.disconnect()),
  };
}

/** The same workloads on the Rust driver alone. */
function startLimit({ limit, uri, database }) {
  const child = spawn(limit, [uri, database, String(POOL)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = readline.createInterface({ input: child.stdout });
  const answers = answering(child, (take) => lines.on('line', (line) => take(JSON.parse(line))));
  return {
    name: 'limit',
    ready: answers.next(),
    measure(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answers.next();
    },
    stop: () => new Promise((resolve) => child.once('exit', resolve) && child.stdin.end()),
  };
}

/** Resolves with the path of the program on the Rust driver alone. */
async function buildLimit() {
  const build = ['build', '--release', '--package', 'polymongo-limit', '--message-format', 'json'];
  const output = await runStep('Building the bare Rust client', 'cargo', build, { cwd: ROOT });
  const messages = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  return messages.find(({ executable }) => executable).executable;
}

/** Each request has one answer, in order; a peer that ends fails what waits. */
function answering(child, onAnswer) {
  let settle = null;
  onAnswer(({ error, ...answer }) => {
    if (error) settle?.reject(new Error(error));
    else settle?.resolve(answer);
  });
  child.once('exit', (code, signal) =>
    settle?.reject(new Error(`a program under measurement ended: ${signal ?? code}`)),
  );
  return {
    next() {
      return new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
    },
  };
}

module.exports = { buildLimit, startLimit, startNodePeer, TITLES };
