'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');

/**
 * How Node.js is started on one half of the cores: `{execPath, execArgv}` for `fork()`; null where there is one core only
 * or no way to do it.
 *
 * A program that may use all of them is measured in one of two states, and stays there for seconds: the kernel puts its
 * threads next to each other or between those of the server, and the same program does 22,000 or 13,000 operations a
 * second.
 */
function halfOfTheCores() {
  const cores = availableCores();
  if (cores.length < 2 || spawnSync('taskset', ['--version']).error) return null;
  const list = cores.slice(cores.length >> 1).join(',');
  return { execPath: 'taskset', execArgv: ['--cpu-list', list, process.execPath] };
}

/** Their numbers; none where the system does not tell. */
function availableCores() {
  if (process.platform !== 'linux') return [];
  const [, list] = /^Cpus_allowed_list:\s*(.+)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

module.exports = { halfOfTheCores };
