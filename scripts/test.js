'use strict';

// `npm test`: sets up what is missing, then runs every suite and says at the end what ran.
// `npm test -- jest wrapper` runs one suite only and hands what follows its name to the suite's own command.

const path = require('node:path');
const { setUp } = require('./setup');

async function main([chosen, ...extra]) {
  const { suites } = require('./suites');
  const selected = chosen ? suites.filter(({ name }) => name === chosen) : suites;
  if (selected.length === 0) {
    throw new Error(
      `There is no suite "${chosen}"; choose one of ${suites.map(({ name }) => name).join(', ')}`,
    );
  }
  const mongod = await setUp();
  // One server for everything below, whatever else a suite would find.
  process.env.POLYMONGO_MONGOD = mongod.path;
  const results = [];
  for (const suite of selected) {
    heading(suite.title);
    const started = Date.now();
    const counts = await suite.run(extra);
    results.push({ ...suite, ...counts, seconds: Math.round((Date.now() - started) / 1000) });
  }
  heading('What ran');
  return report(results);
}

function heading(title) {
  process.stdout.write(`\n── ${title}\n`);
}

function report(results) {
  const width = Math.max(...results.map(({ title }) => title.length));
  const row = (title, ...cells) =>
    [title.padEnd(width), ...cells.map((cell) => String(cell).padStart(8))].join('');
  const lines = results.map((r) => row(r.title, r.passed, r.failed, r.skipped, `${r.seconds} s`));
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  const skipped = total('skipped') > 0 ? `, ${total('skipped')} skipped` : '';
  process.stdout.write(`${[row('', 'passed', 'failed', 'skipped', 'time'), ...lines].join('\n')}\n\n`);
  process.stdout.write(`${total('passed')} passed, ${total('failed')} failed${skipped}\n`);
  return total('failed') === 0;
}

process.chdir(path.resolve(__dirname, '..'));
main(process.argv.slice(2)).then(
  (allPassed) => {
    process.exitCode = allPassed ? 0 : 1;
  },
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.stdout.write('0 passed, 1 failed\n');
    process.exitCode = 1;
  },
);
