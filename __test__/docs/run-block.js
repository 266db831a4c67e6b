'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: wait } = require('node:timers/promises');

const LIMIT = 25_000;

/**
 * Starts a program of the documentation the way a reader would.
 * @param {string} directory
 * @param {string} file
 * @param {Record<string, string>} [env]
 */
function start(directory, file, env = {}) {
  const child = spawn(process.execPath, [file], {
    cwd: directory,
    env: { ...process.env, ...env },
    timeout: LIMIT,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of /** @type {const} */ (['stdout', 'stderr']))
    child[name].on('data', (chunk) => {
      output[name] += chunk;
    });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }));
  return { child, ended };
}

/** Runs a program to its end. @param {string} directory @param {string} file */
const run = (directory, file) => start(directory, file).ended;

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  return port;
}

/**
 * Runs a program that serves HTTP on `PORT`, hands its address over, and ends it as an operator would.
 * @param {string} directory
 * @param {string} file
 * @param {(url: string) => Promise<void>} visit
 */
async function serve(directory, file, visit) {
  const port = await freePort();
  const { child, ended } = start(directory, file, { PORT: String(port) });
  const url = `http://127.0.0.1:${port}`;
  try {
    const deadline = Date.now() + LIMIT;
    while (child.exitCode === null && Date.now() < deadline) {
      if (
        await fetch(url).then(
          () => true,
          () => false,
        )
      )
        break;
      await wait(50);
    }
    await visit(url);
  } finally {
    child.kill('SIGTERM');
  }
  return ended;
}

module.exports = { run, serve };
