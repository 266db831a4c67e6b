'use strict';

const { mkdirSync } = require('node:fs');
const { resolve } = require('node:path');
const { warnOnce } = require('./warn-once');

/** 5 MB a file, five files of each (four older ones), readable by their owner only. */
const ROTATION = /** @type {const} */ ({ size: '5M', rotate: 4, mode: 0o600 });
const stamp = () => new Date().toISOString().replace(/[:.]/g, '-').slice(0, -5);

/** @param {string} folder */
function unwritable(folder, error) {
  warnOnce(
    `log files cannot be written to ${folder}: ${error.message}; logging to files is off`,
    'LOG_UNWRITABLE',
  );
}

/**
 * Opens the log files of a wrapper: `polymongo-<timestamp>.log` for everything, `error.log` for errors.
 * @param {string} logPath
 */
function openLogFiles(logPath) {
  const folder = resolve(logPath);
  /** @type {Map<string, any>} */
  const streams = new Map();
  const everything = `polymongo-${stamp()}.log`;
  let usable = true;

  /** @param {unknown} error */
  const giveUp = (error) => {
    usable = false;
    unwritable(folder, error);
  };

  /** @param {string} filename @param {string} line */
  const append = (filename, line) => {
    let stream = streams.get(filename);
    if (!stream) {
      // Loaded here: an application that writes no log files does not pay for it.
      // Its typings describe the ES module alone, but it has both forms.
      const { createStream } = /** @type {any} */ (require)('rotating-file-stream');
      const name = (/** @type {any} */ age) => (age ? filename.replace(/\.log$/, `.${age}.log`) : filename);
      stream = createStream(name, { ...ROTATION, path: folder });
      stream.on('error', giveUp);
      stream.on('warning', giveUp);
      streams.set(filename, stream);
    }
    stream.write(line);
  };

  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    giveUp(error);
  }

  return {
    /** @param {string} level @param {boolean} debug @param {string} line */
    write(level, debug, line) {
      if (!usable) return;
      if (debug) append(everything, line);
      if (level === 'error') append('error.log', line);
    },
    close() {
      for (const stream of streams.values()) stream.end();
      streams.clear();
    },
  };
}

module.exports = { openLogFiles };
