'use strict';

/**
 * `npm run test:faults`: a real three-node replica set, eight workers that write through polymongo without trying anything
 * again, and what happens to servers and networks. Takes minutes. `npm run test:faults -- --only sigkill,rst` runs some.
 * Ends with 1 when something that is promised did not hold.
 */

const { parseArgs } = require('node:util');

/** A stall that is a little too long on a busy machine is measured again. */
const MEASUREMENTS = 3;

async function main() {
  const { scenarios } = require('../__test__/faults/support/scenarios');
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const wanted = values.only?.split(',') ?? scenarios.map(({ name }) => name);
  const unknown = wanted.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    const names = scenarios.map(({ name }) => name).join(', ');
    throw new Error(`There is no scenario ${unknown.join(', ')}; choose of ${names}`);
  }
  const selected = scenarios.filter(({ name }) => wanted.includes(name));
  const rows = [];
  for (const proxied of [false, true]) {
    const some = selected.filter((scenario) => (scenario.proxied ?? false) === proxied);
    rows.push(...(await runAll(some, proxied, selected.length - rows.length)));
  }
  return report(rows);
}

async function runAll(scenarios, proxied, left) {
  if (scenarios.length === 0) return [];
  const { Cluster } = require('../__test__/faults/support/cluster');
  say(`Starting three servers${proxied ? ', each behind a proxy' : ''} …`);
  const cluster = await Cluster.start({ proxied });
  try {
    const rows = [];
    for (const scenario of scenarios) {
      say(`${scenario.title} … (${left - rows.length} to go)`);
      rows.push({ scenario, measured: await measure(cluster, scenario) });
    }
    return rows;
  } finally {
    await cluster.stop();
  }
}

async function measure(cluster, scenario) {
  const { runScenario } = require('../__test__/faults/support/run-scenario');
  for (let turn = 1; ; turn++) {
    const measured = await runScenario(cluster, scenario);
    for (const line of details(measured)) say(`    ${line}`);
    const onlyAStall =
      measured.broken.length > 0 && measured.broken.every((one) => one.startsWith('a stall of'));
    if (!onlyAStall || turn === MEASUREMENTS) return measured;
    say('    measured again');
  }
}

function details({ broken, errors, slowest, cursors, events }) {
  const kinds = new Map();
  for (const error of errors) {
    const kind = `${error.name}: ${error.message}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [
    ...broken.map((one) => `BROKEN: ${one}`),
    ...[...kinds].map(([kind, count]) => `${count} × ${kind}`),
    `the slowest: ${slowest.name}`,
    `change stream: ${events} events; cursors: ${cursors.complete} complete, ${cursors.failed} ended with an error`,
  ];
}

const COLUMNS = [
  ['scenario', ({ scenario }) => scenario.title],
  ['operations', ({ measured }) => measured.operations],
  ['errors', ({ measured }) => measured.errors.length],
  ['missing', ({ measured }) => measured.missing.length],
  ['twice', ({ measured }) => measured.duplicates.length],
  ['torn', ({ measured }) => measured.torn.length],
  ['hung', ({ measured }) => measured.hung.length],
  ['stall', ({ measured }) => `${measured.stallMS} ms`],
  ['slowest', ({ measured }) => `${Math.round(measured.slowest.ms)} ms`],
  ['recovered', ({ measured }) => (measured.recovered ? 'yes' : 'NO')],
  ['kept', ({ measured }) => (measured.broken.length === 0 ? 'yes' : 'NO')],
];

function report(rows) {
  const cells = [
    COLUMNS.map(([name]) => name),
    ...rows.map((row) => COLUMNS.map(([, show]) => `${show(row)}`)),
  ];
  const widths = COLUMNS.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  say('');
  for (const line of cells) {
    say(
      line
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index])))
        .join('  '),
    );
  }
  return rows.every(({ measured }) => measured.broken.length === 0);
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

main().then(
  (kept) => {
    process.exitCode = kept ? 0 : 1;
  },
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
