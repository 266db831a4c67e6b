'use strict';

// Started by replica-set.js with the folder of a replica set's data. When the process that started it is gone or lets
// go of it, it ends the servers that still run on that folder and removes the folder.

const fs = require('node:fs');
const path = require('node:path');

const [, , directory] = process.argv;
const ATTEMPTS = 20;
const BETWEEN_ATTEMPTS_MS = 250;

process.on('disconnect', () => cleanUp(ATTEMPTS));
process.send('ready');

/** More than once, because a server may have been about to start and a killed one takes a moment to be gone. */
function cleanUp(attemptsLeft) {
  const running = runningServers();
  for (const pid of running) kill(pid);
  try {
    fs.rmSync(directory, { recursive: true, force: true });
  } catch {
    // A dying server still writes into it: the next attempt removes it.
  }
  const done = running.length === 0 && !fs.existsSync(directory);
  if (!done && attemptsLeft > 1) setTimeout(cleanUp, BETWEEN_ATTEMPTS_MS, attemptsLeft - 1);
}

/** A running mongod keeps its process id in the file `mongod.lock` beside its data; a stopped one empties the file. */
function runningServers() {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory)
    .map((member) => path.join(directory, member, 'mongod.lock'))
    .filter((lock) => fs.existsSync(lock))
    .map((lock) => Number.parseInt(fs.readFileSync(lock, 'utf8'), 10))
    .filter((pid) => pid > 0 && isOurs(pid));
}

/** A server that was killed leaves its process id behind, and the system gives old ids to new processes. */
function isOurs(pid) {
  if (process.platform !== 'linux') return true;
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
  } catch {
    return false;
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
