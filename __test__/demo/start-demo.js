'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');
const { findMongod } = require('../../scripts/mongod');

const root = path.resolve(__dirname, '../..');

/**
 * Runs the demo in a process of its own, as `npm run demo` does after its set-up.
 *
 * @param {string[]} args
 * @param {{ownGroup?: boolean}} [options] `ownGroup`: as if it had a terminal of its own, whose Ctrl-C `stop` then is
 */
async function startDemo(args, { ownGroup = false } = {}) {
  const mongod = await findMongod();
  const program = "require('./examples/cities').main(process.argv.slice(1))";
  const child = spawn(process.execPath, ['-e', program, '--', ...args], {
    cwd: root,
    env: { ...process.env, POLYMONGO_MONGOD: mongod.path },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  });
  const stop = () => {
    process.kill(ownGroup ? -child.pid : child.pid, 'SIGINT');
    return demo.ended;
  };
  const demo = { output: '', stop };
  const heard = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      demo.output += chunk;
      for (const listener of heard) listener();
    });
  }
  /** @type {Promise<number | null>} */
  demo.ended = new Promise((resolve) => child.on('close', resolve));

  /** Waits until the demo has printed something that matches. */
  demo.printed = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(demo.output);
        if (match) resolve(match);
      };
      heard.push(look);
      demo.ended.then((code) => reject(new Error(`The demo ended with ${code}:\n${demo.output}`)));
      look();
    });
  return demo;
}

module.exports = { startDemo };
