'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { drawChart } = require('./chart');
const { TITLES } = require('./peers');

const ROOT = path.join(__dirname, '..');
const RESULTS = path.join(__dirname, 'results.json');
const CHART = path.join(__dirname, 'chart.svg');
const README = path.join(ROOT, 'README.md');
/** Between these the README shows the figures of the last full run. */
const MARKERS = { begin: '<!-- figures of the last `npm run bench` -->', end: '<!-- end of the figures -->' };

const times = (ratio) => `${ratio.toFixed(ratio < 10 ? 1 : 0)} ×`;
const part = (ratio) => `1/${ratio.toFixed(ratio < 10 ? 1 : 0)}`;
const percent = (share) => (share === null ? '' : `${(share * 100).toFixed(0)} %`);
const figure = (value) => value.toFixed(value < 10 ? 2 : 0);

/** The header of the table that a run prints while it goes on. */
function tableHead() {
  const cells = [TITLES.official, TITLES.upstream, TITLES.polymongo].map((title) => title.padStart(20));
  return `${'workload'.padEnd(28)}${cells.join('')}  throughput  main thread  of Rust`;
}

/** One workload's line of that table. */
function tableRow({ name, peers, throughput, mainThread, ofLimit }) {
  const cell = ({ operationsPerSecond, mainThreadMicroseconds }) =>
    `${operationsPerSecond.toFixed(0)}/s ${mainThreadMicroseconds.toFixed(0)} µs`.padStart(20);
  const cells = [peers.official, peers.upstream, peers.polymongo].map(cell).join('');
  return [
    name.padEnd(28),
    cells,
    times(throughput).padStart(12),
    part(mainThread).padStart(13),
    percent(ofLimit).padStart(9),
  ].join('');
}

/** One line of what does not depend on operations. */
function processRow({ name, value, official }) {
  const compared = official === null ? '' : `   ${TITLES.official}: ${figure(official)}`;
  return `${name.padEnd(48)}${figure(value).padStart(10)}${compared}`;
}

/** Keeps a full run: results.json, the chart, and the figures that the README shows. */
function publish(results) {
  fs.writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  fs.writeFileSync(CHART, drawChart(results));
  const readme = fs.readFileSync(README, 'utf8');
  fs.writeFileSync(README, withFigures(readme, figuresText(results)));
}

/** What stands between the markers of the README. */
function readmeFigures(readme) {
  const [begin, end] = placeOfFigures(readme);
  return readme.slice(begin, end);
}

/** The README with other figures. */
function withFigures(readme, figures) {
  const [begin, end] = placeOfFigures(readme);
  return readme.slice(0, begin) + figures + readme.slice(end);
}

function placeOfFigures(readme) {
  const begin = readme.indexOf(MARKERS.begin);
  const end = readme.indexOf(MARKERS.end);
  if (begin < 0 || end < begin) throw new Error(`README.md lacks "${MARKERS.begin}" … "${MARKERS.end}"`);
  return [begin + MARKERS.begin.length, end];
}

/** The README's figures: ratios to Mongoose on the official driver, for each version of Mongoose. */
function figuresText({ node, cores, half, rounds, processes, versions }) {
  const head = versions.flatMap(({ version }) => [`Mongoose ${version}: throughput`, 'main thread']);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rows = versions[0].workloads.map(({ name }) => {
    const all = versions.map(({ workloads }) => workloads.find((row) => row.name === name));
    const ratios = all.flatMap(({ throughput, mainThread }) => [times(throughput), part(mainThread)]);
    return line([name, ...ratios, percent(all[0].ofLimit)]);
  });
  return `

![Throughput and main-thread time against Mongoose on the official driver](bench/chart.svg)

${line(['', ...head, 'of the bare Rust driver'])}
${line(['---', ...head.map(() => '---'), '---'])}
${rows.join('\n')}

Medians of ${rounds} rounds in one run (processes of each: ${processes}): Node.js ${node}, ${cores} cores that clients and server share${half ? '; each Node.js process may use half of them' : ''}.

`;
}

module.exports = {
  CHART,
  figuresText,
  processRow,
  publish,
  README,
  readmeFigures,
  RESULTS,
  tableHead,
  tableRow,
  withFigures,
};
