'use strict';

const { once } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const express = require('express');
const fastify = require('fastify');
const { createWrapper } = require('../..');
const { openTenants, uri } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('middleware', {
  databaseName: (tenant) => `middleware_${tenant}`,
});
const Model = base.model('User', new base.Schema({ name: String }));
const User = wrapper.wrapModel(Model);
const Plan = wrapper.wrapModel(base.model('Plan', new base.Schema({ title: String })), {
  db: name('control'),
});

beforeAll(async () => {
  await clear();
  await User.db('known').create({ name: 'known' });
  await Plan.create({ title: 'free' });
  // What must never be seen.
  await User.create({ name: 'default' });
});
afterAll(close);

const byQuery = ({ query }) => query.tenant;
const open = [];
afterEach(async () => {
  for (const shut of open.splice(0)) await shut();
});

/** @param {http.RequestListener} listener @returns {Promise<(path: string, options?: object) => Promise<Response>>} */
async function serve(listener) {
  const listening = http.createServer(listener).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  open.push(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return (path, options) => fetch(`http://127.0.0.1:${listening.address().port}${path}`, options);
}

/** What the rest of a request sees. */
const seen = async (request) => ({
  tenant: wrapper.currentTenant(),
  handle: request.tenant?.name,
  users: (await User.find().lean()).map((user) => user.name),
});

const answerError = (error, _request, response, _next) =>
  response
    .status(error.status ?? 500)
    .json({ code: error.code, message: error.message, cause: error.cause?.message });

function app(resolve, options, handle = async (request, response) => response.json(await seen(request))) {
  const made = express().set('query parser', 'extended');
  made.use(wrapper.middleware(resolve, options));
  made.use(express.json());
  made.all('/', handle);
  made.use(answerError);
  return serve(made);
}

describe('Express', () => {
  test('runs the rest of the request for its tenant', async () => {
    const get = await app(byQuery);
    expect(await (await get('/?tenant=known')).json()).toEqual({
      tenant: 'known',
      handle: 'known',
      users: ['known'],
    });
    expect(await (await get('/?tenant=other')).json()).toEqual({
      tenant: 'other',
      handle: 'other',
      users: [],
    });
  });

  test('a resolver may take its time', async () => {
    const get = await app(async (request) => {
      await sleep(5);
      await Plan.findOne();
      return request.query.tenant;
    });
    expect((await (await get('/?tenant=known')).json()).users).toEqual(['known']);
  });

  test.each([
    ['none', ''],
    ['an empty one', '?tenant='],
    ['two', '?tenant=a&tenant=b'],
    ['an object', '?tenant[$ne]=x'],
    ['a missing id', '?tenant=tenant_undefined'],
    ['null', '?tenant=null'],
    ['a path', '?tenant=..%2Fadmin'],
    ['a NUL', '?tenant=a%00b'],
    ['a control character', '?tenant=a%E2%80%AEb'],
    ['a long one', `?tenant=${'x'.repeat(64)}`],
    ['what is no tenant’s', '?tenant=control'],
  ])('%s is refused', async (_title, query) => {
    for (const [options, status] of [
      [{}, 400],
      [{ status: 404 }, 404],
    ]) {
      const get = await app(byQuery, options);
      const response = await get(`/${query}`);
      expect([response.status, (await response.json()).code]).toEqual([status, 'TENANT_REFUSED']);
    }
  });

  test('allowDatabase refuses, too', async () => {
    const strict = createWrapper({ mongoURI: uri, handleSignals: false, allowDatabase: /^middleware_k/ });
    open.push(() => strict.forceCloseAll());
    const made = express();
    made.use(strict.middleware(byQuery));
    made.get('/', (request, response) => response.json(request.tenant));
    made.use(answerError);
    const get = await serve(made);
    expect((await get('/?tenant=middleware_known')).status).toBe(200);
    expect((await get('/?tenant=middleware_other')).status).toBe(400);
  });

  test('mustExist refuses a tenant that does not exist', async () => {
    const get = await app(byQuery, { mustExist: true });
    expect((await get('/?tenant=known')).status).toBe(200);
    const response = await get('/?tenant=stranger');
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'TENANT_REFUSED', message: expect.stringContaining('"stranger"') }),
    ]);
    expect((await (await app(byQuery, { mustExist: true, status: 400 }))('/?tenant=stranger')).status).toBe(
      400,
    );
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('secret');
      },
    ],
  ])('a resolver that %s refuses, and its message stays inside', async (_title, resolve) => {
    const response = await (await app(resolve))('/?tenant=known');
    expect(response.status).toBe(400);
    const { message, cause } = await response.json();
    expect(message).not.toContain('secret');
    expect(cause).toBe('secret');
  });

  test('an error with a status of its own keeps it', async () => {
    const get = await app(() => Promise.reject(Object.assign(new Error('who are you?'), { status: 401 })));
    expect((await get('/')).status).toBe(401);
  });

  test('a resolver that hangs is given up', async () => {
    const get = await app(() => new Promise(() => {}), { timeoutMS: 20 });
    const response = await get('/');
    expect([response.status, (await response.json()).code]).toEqual([503, 'TENANT_TIMEOUT']);
  });

  test('without an error handler the status is the answer', async () => {
    const made = express().set('env', 'test');
    made.use(wrapper.middleware(byQuery, { status: 404 }));
    made.get('/', (_request, response) => response.end('reached'));
    expect((await (await serve(made))('/')).status).toBe(404);
  });

  test('required: false lets a request without a tenant pass, not to the default database', async () => {
    const get = await app(byQuery, { required: false }, async (request, response) => {
      const refused = [];
      for (const use of [
        () => User.find(),
        () => new User({ name: 'x' }),
        () => User.db(),
        () => User.db(request.query.tenant),
        () => User.collection,
      ])
        try {
          await use();
        } catch (error) {
          refused.push(error.code);
        }
      response.json({
        plans: await Plan.countDocuments(),
        users: await User.db('known').countDocuments(),
        refused,
      });
    });
    for (const query of ['', '?tenant='])
      expect(await (await get(`/${query}`)).json()).toEqual({
        plans: 1,
        users: 1,
        refused: [
          'TENANT_REQUIRED',
          'TENANT_REQUIRED',
          'INVALID_DATABASE_NAME',
          'INVALID_DATABASE_NAME',
          'TENANT_REQUIRED',
        ],
      });
    expect((await get('/?tenant=a/b')).status).toBe(400);
  });

  test('what the body brings and what the response tells belong to the request’s tenant', async () => {
    const closed = [];
    const get = await app(byQuery, {}, async (request, response) => {
      const parts = [];
      response.on('finish', () => closed.push(wrapper.currentTenant()));
      request.on('data', () => parts.push(wrapper.currentTenant()));
      request.on('end', async () => {
        await sleep(1);
        response.json({ parts, body: request.body, ...(await seen(request)) });
      });
    });
    const raw = { method: 'POST', body: 'x'.repeat(200_000), headers: { 'content-type': 'text/plain' } };
    const answers = await Promise.all(
      ['known', 'a', 'b', 'c'].map(async (tenant) => [
        tenant,
        await (await get(`/?tenant=${tenant}`, raw)).json(),
      ]),
    );
    for (const [tenant, answer] of answers) {
      expect(new Set(answer.parts)).toEqual(new Set([tenant]));
      expect(answer.tenant).toBe(tenant);
    }
    expect(closed.sort()).toEqual(['a', 'b', 'c', 'known']);
  });

  test('a parsed body leaves the tenant as it is', async () => {
    const get = await app(byQuery, {}, async (request, response) =>
      response.json({ ...request.body, ...(await seen(request)) }),
    );
    const posted = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
    expect(await (await get('/?tenant=known', posted)).json()).toMatchObject({ a: 1, tenant: 'known' });
  });

  test('one inside another: the inner one holds', async () => {
    const made = express();
    made.use(wrapper.middleware(() => 'outer'));
    made.use(wrapper.middleware(byQuery));
    made.get('/', (request, response) => {
      request.on('end', async () => response.json(await seen(request)));
      request.resume();
    });
    expect(await (await (await serve(made))('/?tenant=known')).json()).toMatchObject({
      tenant: 'known',
      handle: 'known',
    });
  });

  test('a request may have a property of the name that Fastify’s has', async () => {
    const made = express();
    made.use((request, _response, next) => {
      request.raw = Buffer.from('what came in');
      next();
    });
    made.use(wrapper.middleware(byQuery));
    made.post('/', (request, response) => {
      request.on('end', async () => response.json(await seen(request)));
      request.resume();
    });
    const answer = await (await serve(made))('/?tenant=known', { method: 'POST', body: 'x'.repeat(100_000) });
    expect(await answer.json()).toMatchObject({ tenant: 'known', users: ['known'] });
  });

  test('a server that was started for a tenant serves others', async () => {
    const get = await wrapper.run({ db: 'boot', timeoutMS: 1 }, () => app(byQuery));
    expect(await (await get('/?tenant=known')).json()).toMatchObject({ tenant: 'known', users: ['known'] });
  });
});

test('Connect: a plain server', async () => {
  const middleware = wrapper.middleware((request) => request.headers['x-tenant']);
  const get = await serve((request, response) =>
    middleware(request, response, async (error) => {
      response.statusCode = error?.status ?? 200;
      response.end(JSON.stringify(error ? error.code : await seen(request)));
    }),
  );
  expect(await (await get('/', { headers: { 'x-tenant': 'known' } })).json()).toMatchObject({
    users: ['known'],
  });
  const refused = await get('/');
  expect([refused.status, await refused.json()]).toEqual([400, 'TENANT_REFUSED']);
});

describe('Fastify', () => {
  test.each(['onRequest', 'preHandler'])('as a hook %s', async (hook) => {
    const made = fastify();
    open.push(() => made.close());
    made.addHook(hook, wrapper.middleware(byQuery));
    made.all('/', async (request) => ({ body: request.body, ...(await seen(request)) }));
    await made.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${made.server.address().port}/`;
    const posted = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
    expect(await (await fetch(`${url}?tenant=known`, posted)).json()).toEqual({
      body: { a: 1 },
      tenant: 'known',
      handle: 'known',
      users: ['known'],
    });
    const refused = await fetch(`${url}?tenant=a&tenant=b`);
    expect([refused.status, (await refused.json()).code]).toEqual([400, 'TENANT_REFUSED']);
  });

  test('an asynchronous resolver, refusals with the status asked for', async () => {
    const made = fastify();
    open.push(() => made.close());
    made.addHook(
      'onRequest',
      wrapper.middleware(async (request) => byQuery(request), { status: 404, mustExist: true }),
    );
    made.get('/', (request) => seen(request));
    await made.listen({ port: 0, host: '127.0.0.1' });
    const get = (query) => fetch(`http://127.0.0.1:${made.server.address().port}/${query}`);
    expect(await (await get('?tenant=known')).json()).toMatchObject({ users: ['known'] });
    for (const query of ['', '?tenant=stranger', '?tenant=$']) expect((await get(query)).status).toBe(404);
  });
});

test.each([
  [undefined, undefined],
  ['tenant', undefined],
  [{}, undefined],
  [byQuery, { status: 200 }],
  [byQuery, { status: '400' }],
  [byQuery, { required: 'yes' }],
  [byQuery, { timeoutMS: -1 }],
  [byQuery, { require: true }],
  [byQuery, null],
  [byQuery, []],
])('middleware(%p, %j) is refused', (resolve, options) => {
  const refused = expect.objectContaining({ code: expect.stringMatching(/^OPTION_/) });
  expect(() => wrapper.middleware(resolve, options)).toThrow(refused);
  expect(() => wrapper.withTenant.route(resolve, () => {}, options)).toThrow(refused);
});

test('requests by the hundred do not mix', async () => {
  const tenants = Array.from({ length: 25 }, (_, index) => `mix${index}`);
  await Promise.all(tenants.map((tenant) => User.db(tenant).create({ name: tenant })));
  const get = await app(
    async (request) => {
      await sleep(Math.random() * 5);
      return request.query.tenant;
    },
    {},
    async (request, response) => {
      const names = new Set();
      for (let round = 0; round < 3; round++) {
        await sleep(Math.random() * 5);
        names.add((await User.findOne()).name);
        names.add(request.tenant.name);
        names.add(await new Promise((resolve) => setImmediate(() => resolve(wrapper.currentTenant()))));
      }
      response.json([...names]);
    },
  );
  const asked = Array.from({ length: 300 }, (_, index) => tenants[index % tenants.length]);
  const answers = await Promise.all(asked.map(async (tenant) => (await get(`/?tenant=${tenant}`)).json()));
  expect(answers).toEqual(asked.map((tenant) => [tenant]));
});

test('refusals by the ten thousand leave nothing behind', async () => {
  const middleware = wrapper.middleware((request) => request.tenant);
  const refused = (tenant) =>
    new Promise((resolve) => middleware({ tenant }, {}, (error) => resolve(error?.code)));
  const attempts = [
    (index) => `bad/${index}`,
    (index) => [`a${index}`],
    (index) => ({ index }),
    (index) => `tenant${index}_undefined`,
    (index) => `${'x'.repeat(64)}${index}`,
    (index) => `a\u202e${index}`,
  ];
  const before = wrapper.adv.mongoose.connections.length;
  for (let index = 0; index < 10_000; index++)
    expect(await refused(attempts[index % attempts.length](index))).toBe('TENANT_REFUSED');
  expect(wrapper.adv.mongoose.connections.length).toBe(before);
  const databases = (await server.db('admin').admin().listDatabases()).databases.map((each) => each.name);
  expect(databases.filter((each) => /bad|_x{9}|undefined/.test(each))).toEqual([]);
});
