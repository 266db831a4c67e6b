'use strict';

const { spawn } = require('node:child_process');

const SECOND = 1000;
const QUIET_INTERVAL = 15 * SECOND;

/**
 * Runs a command whose output only matters when it fails. Meanwhile one line tells how long it has taken and what
 * it is doing: the last line it printed. Resolves with everything that it printed; rejects with it in the message.
 *
 * @param {string} title what a person reads
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<string>}
 */
function runStep(title, command, args, options = {}) {
  const started = Date.now();
  const output = [];
  const status = startStatus(title, started);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const take = (chunk) => {
      output.push(chunk);
      const lines = String(chunk)
        .trimEnd()
        .split(/[\r\n]+/);
      status.doing = lines.at(-1).trim();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (cause) => {
      status.stop('failed');
      reject(new Error(`${title}: ${command} could not be started (${cause.message})`, { cause }));
    });
    child.on('close', (code, signal) => {
      const text = Buffer.concat(output).toString();
      status.stop(code === 0 ? 'done' : 'failed');
      if (code === 0) resolve(text);
      else
        reject(
          new Error(`${title}: "${[command, ...args].join(' ')}" ended with ${signal ?? code}\n\n${text}`),
        );
    });
  });
}

/** On a terminal one line is rewritten every second; elsewhere (CI) a line now and then shows that work goes on. */
function startStatus(title, started) {
  const terminal = process.stdout.isTTY;
  const seconds = () => `${Math.round((Date.now() - started) / SECOND)} s`;
  const clear = () => terminal && process.stdout.write('\r\x1b[2K');
  const status = { doing: '', stop };
  const show = () => {
    clear();
    const line = `${title} … ${seconds()} ${status.doing}`;
    process.stdout.write(terminal ? line.slice(0, (process.stdout.columns || 80) - 1) : `${line}\n`);
  };
  if (!terminal) process.stdout.write(`${title} …\n`);
  const timer = setInterval(show, terminal ? SECOND : QUIET_INTERVAL);
  function stop(outcome) {
    clearInterval(timer);
    clear();
    process.stdout.write(`${title}: ${outcome} in ${seconds()}\n`);
  }
  return status;
}

module.exports = { runStep };
