'use strict';

const { format } = require('node:util');
const { redact, redactValue } = require('../protocol/redact');
const { runWith } = require('../tenants/context');
const { openLogFiles } = require('./log-files');

/**
 * @typedef {object} LogTargets
 * @property {boolean} debug     Everything is logged; otherwise only errors, and only to a folder that was named
 * @property {boolean} console
 * @property {string | undefined} folder
 * @property {((line: string) => unknown) | undefined} handler
 */

/** @param {unknown} details */
function written(details) {
  if (details === undefined) return '';
  if (details instanceof Error) return `: ${details.stack ?? details.message}`;
  const value = redactValue(details);
  try {
    return ` ${typeof value === 'string' ? value : JSON.stringify(value)}`;
  } catch {
    return ` ${format('%o', value)}`;
  }
}

/** Writes to the console, to rotated files and to the user's handler. Logging never throws and never waits. */
class Logger {
  #targets;
  /** @type {ReturnType<typeof openLogFiles> | null} */
  #files = null;

  /** @param {LogTargets} targets */
  constructor(targets) {
    this.#targets = targets;
  }

  /** @param {string} message @param {unknown} [details] */
  debug(message, details) {
    this.#log('debug', message, details);
  }

  /** @param {string} message @param {unknown} [details] */
  info(message, details) {
    this.#log('info', message, details);
  }

  /** @param {string} message @param {unknown} [details] */
  warn(message, details) {
    this.#log('warn', message, details);
  }

  /** @param {string} message @param {unknown} [details] */
  error(message, details) {
    this.#log('error', message, details);
  }

  /** Ends the files; a later line opens them again. */
  close() {
    this.#files?.close();
    this.#files = null;
  }

  /** @param {'debug' | 'info' | 'warn' | 'error'} level @param {string} message @param {unknown} details */
  #log(level, message, details) {
    const { debug, console: toConsole, folder, handler } = this.#targets;
    if (!debug && level !== 'error') return;
    if (!toConsole && folder === undefined && handler === undefined) return;
    try {
      const text = redact(`[PolyMongo] ${message}${written(details)}`);
      const line = `[${new Date().toISOString()}] [${level.toUpperCase()}] ${text}`;
      if (toConsole) (level === 'error' ? process.stderr : process.stdout).write(`${line}\n`);
      if (folder !== undefined) {
        this.#files ??= openLogFiles(folder);
        this.#files.write(level, debug, `${line}\n`);
      }
      if (handler !== undefined) Promise.resolve(runWith(undefined, () => handler(line))).catch(() => {});
    } catch {
      // A log line that cannot be written must not fail what it reports.
    }
  }
}

exports.Logger = Logger;
