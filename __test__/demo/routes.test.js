'use strict';

const { startDemo } = require('./start-demo');

let demo;
let url;

beforeAll(async () => {
  demo = await startDemo(['--limit', '5', '--port', '0']);
  [url] = await demo.printed(/http:\/\/localhost:\d+/);
}, 120_000);

afterAll(() => demo?.stop());

async function request(path, body) {
  const options = body !== undefined && {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  const response = await fetch(url + path, options || {});
  return { status: response.status, body: await response.json() };
}

test('GET /cities reads one tenant, POST /cities writes to it', async () => {
  const before = await request('/cities?db=country_mc&q=');
  expect(before).toMatchObject({ status: 200, body: { total: 5 } });
  expect(before.body.cities).toHaveLength(5);

  const city = { name: 'Port Hercule', lat: 43.735, lng: 7.4269 };
  const added = await request('/cities?db=country_mc', city);
  expect(added).toMatchObject({ status: 201, body: city });

  const found = await request('/cities?db=country_mc&q=port%20h');
  expect(found.body).toEqual({ total: 6, cities: [added.body] });
  expect((await request('/cities?db=country_ad&q=port%20h')).body).toEqual({ total: 5, cities: [] });
});

test('GET /watch/:db sends changes of that tenant as server-sent events', async () => {
  const aborted = new AbortController();
  const response = await fetch(`${url}/watch/country_fr`, { signal: aborted.signal });
  expect(response.headers.get('content-type')).toMatch('text/event-stream');
  await request('/cities?db=country_de', { name: 'Elsewhere', lat: 1, lng: 1 });
  await request('/cities?db=country_fr', { name: 'Here', lat: 2, lng: 2 });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  aborted.abort();
  const [event, data] = value.trim().split('\n');
  expect(event).toBe('event: change');
  expect(JSON.parse(data.slice('data: '.length))).toMatchObject({
    operationType: 'insert',
    city: { name: 'Here', lat: 2, lng: 2 },
  });
});

test('GET /stats and GET /health tell the truth', async () => {
  const { body: stats } = await request('/stats');
  expect(stats.poolStats).toMatchObject({ maxPoolSize: 10 });
  expect(stats.poolStats.totalConnections).toBeGreaterThan(0);
  expect((await request('/health')).body).toMatchObject({ ok: true, state: 'connected' });
});

describe('what a request may not ask for', () => {
  test.each([
    ['no database', '/cities'],
    ['an empty name', '/cities?db='],
    ['two databases', '/cities?db=country_fr&db=country_de'],
    ['a database that is no tenant', '/cities?db=users'],
    ['a database of the server', '/cities?db=admin'],
    ['a name with an operator', '/cities?db[$ne]=x'],
    ['a search that is no text', '/cities?db=country_fr&q=a&q=b'],
    ['a limit that is no number', '/cities?db=country_fr&limit=many'],
    ['changes of a database that is no tenant', '/watch/users'],
  ])('%s', async (_, path) => {
    const { status, body } = await request(path);
    expect(status).toBe(400);
    expect(body.error).toEqual(expect.stringMatching(/.{10}/));
    expect(body.error).not.toContain('    at ');
  });

  test.each([
    ['a city without a name', { lat: 1, lng: 1 }],
    ['a name that is an operator', { name: { $gt: '' }, lat: 1, lng: 1 }],
    ['a place that is not on earth', { name: 'Nowhere', lat: 91, lng: 1 }],
    ['what is not JSON', '{'],
    ['nothing', ''],
  ])('%s', async (_, body) => {
    const { status, body: answer } = await request('/cities?db=country_fr', body);
    expect(status).toBe(400);
    expect(answer.error).toEqual(expect.any(String));
  });
});
