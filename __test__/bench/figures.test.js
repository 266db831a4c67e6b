'use strict';

const fs = require('node:fs');
const { shortfalls } = require('../../bench/asked');
const { drawChart } = require('../../bench/chart');
const { CHART, figuresText, README, readmeFigures, RESULTS, withFigures } = require('../../bench/report');
const { workloads } = require('../../bench/workloads');

const read = (file) => fs.readFileSync(file, 'utf8');
const results = fs.existsSync(RESULTS) ? JSON.parse(read(RESULTS)) : null;

test('the README shows the figures of the last full run, and nothing else', () => {
  expect(readmeFigures(read(README))).toBe(results === null ? '' : figuresText(results));
  expect(fs.existsSync(CHART) ? read(CHART) : null).toBe(results === null ? null : drawChart(results));
});

test('figures stand in the README once for each workload', () => {
  const peer = { operationsPerSecond: 100, mainThreadMicroseconds: 10 };
  const peers = { official: peer, upstream: peer, polymongo: peer };
  const rows = workloads.map(({ name }) => ({
    name,
    peers,
    limit: 200,
    throughput: 2.04,
    mainThread: 12.3,
    ofLimit: 0.5,
  }));
  const versions = ['9.1.0', '8.1.0'].map((version) => ({ version, workloads: rows, process: [] }));
  const run = { node: 'v20', cores: 2, rounds: 9, processes: 3, versions };
  const lines = figuresText(run).split('\n');
  for (const { name } of workloads)
    expect(lines.filter((line) => line === `| ${name} | 2.0 × | 1/12 | 2.0 × | 1/12 | 50 % |`)).toHaveLength(
      1,
    );
  const readme = read(README);
  expect(readmeFigures(withFigures(readme, lines.join('\n')))).toBe(lines.join('\n'));
  expect(withFigures(withFigures(readme, 'a'), readmeFigures(readme))).toBe(readme);
  for (const { name } of workloads) expect(drawChart(run)).toContain(`>${name}</text>`);
});

test('--assert names what falls short, and by how much', () => {
  const row = { name: 'findOne lean', throughput: 1.5, mainThread: 5, ofLimit: 0.7 };
  const process = [
    { name: 'stripped addon, MB', value: 8.5 },
    { name: '.db() of a known tenant, µs', value: 0.2 },
  ];
  expect(shortfalls({ workloads: [row], process })).toEqual([
    'findOne lean: throughput 1.50, asked for at least 1.8',
    'findOne lean: ofLimit 0.70, asked for at least 0.75',
    'stripped addon, MB: 8.50, asked for at most 8',
  ]);
});
