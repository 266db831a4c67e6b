'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');

/** One server of a replica set, and what may happen to it. Its data and its port stay what they are. */
class ReplicaSetMember {
  #process;

  /**
   * @param {import('node:child_process').ChildProcess} mongod
   * @param {number} port
   */
  constructor(mongod, port) {
    this.#process = mongod;
    this.port = port;
    this.pid = mongod.pid;
  }

  /** Ends it without a warning, as a crash does; resolves when it is gone. */
  async kill() {
    const mongod = this.#process;
    if (mongod.exitCode !== null || mongod.signalCode !== null) return;
    mongod.ref();
    const gone = once(mongod, 'exit');
    mongod.kill('SIGKILL');
    await gone;
  }

  /** Starts it again after {@link kill}, with the same command line; resolves when it listens. */
  async restart() {
    const [, ...args] = this.#process.spawnargs;
    this.#process = spawn(this.#process.spawnfile, args, { detached: true, stdio: 'ignore' });
    this.#process.unref();
    this.pid = this.#process.pid;
    while (!(await this.#listens())) {
      if (this.#process.exitCode !== null) throw new Error(`mongod on port ${this.port} did not start again`);
      await sleep(50);
    }
  }

  #listens() {
    return new Promise((resolve) => {
      const socket = net.connect(this.port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  }

  /** It falls silent: its sockets stay open, nothing is answered. */
  pause() {
    this.#process.kill('SIGSTOP');
  }

  /** Ends {@link pause}. */
  resume() {
    this.#process.kill('SIGCONT');
  }
}

module.exports = { ReplicaSetMember };
