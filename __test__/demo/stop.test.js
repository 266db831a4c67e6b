'use strict';

const http = require('node:http');
const { startDemo } = require('./start-demo');

test('Ctrl-C stops everything, also while someone watches a tenant', async () => {
  const demo = await startDemo(['--limit', '1', '--port', '0'], { ownGroup: true });
  const [url] = await demo.printed(/http:\/\/localhost:\d+/);
  const response = await new Promise((resolve) => http.get(`${url}/watch/country_fr`, resolve));
  const watching = new Promise((resolve) => response.on('error', resolve));
  const loaded = demo.output.length;

  expect(await demo.stop()).toBe(0);

  expect(demo.output.slice(loaded)).toMatch(/\nStopped\n$/);
  expect(demo.output).not.toMatch(/error/i);
  expect(await watching).toMatchObject({ code: 'ECONNRESET' });
}, 60_000);

test('a port that is taken is said to be so, and nothing is left running', async () => {
  const first = await startDemo(['--limit', '1', '--port', '0']);
  const [, port] = await first.printed(/http:\/\/localhost:(\d+)/);
  const second = await startDemo(['--limit', '1', '--port', port]);
  expect(await second.ended).not.toBe(0);
  expect(second.output).toContain(`Port ${port} is taken`);
  expect(await first.stop()).toBe(0);
}, 60_000);
