'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { openTenants } = require('../support/tenants');

const { base, wrapper, clear, close, name } = openTenants('route');
const User = wrapper.wrapModel(base.model('User', new base.Schema({ name: String })));

beforeAll(async () => {
  await clear();
  await User.db(name('known')).insertMany([{ name: 'a' }, { name: 'b' }]);
  await User.create({ name: 'default' });
});
afterAll(close);

const byHeader = (request) => request.headers.get('x-tenant');
const request = (tenant) =>
  new Request('http://localhost/users', tenant === undefined ? {} : { headers: { 'x-tenant': tenant } });
const list = async (_request, _context, tenant) =>
  Response.json({
    tenant: wrapper.currentTenant(),
    handle: tenant?.name,
    users: (await User.find().sort('name').lean()).map((user) => user.name),
  });

test('runs the handler for the tenant of the request', async () => {
  const GET = wrapper.withTenant.route(byHeader, list);
  expect(await (await GET(request(name('known')))).json()).toEqual({
    tenant: name('known'),
    handle: name('known'),
    users: ['a', 'b'],
  });
  expect(wrapper.currentTenant()).toBeUndefined();
});

test('the tenant may stand in the parameters of the path, which may be promised', async () => {
  const handler = jest.fn(list);
  const GET = wrapper.withTenant.route(async (_request, { params }) => (await params).tenant, handler);
  for (const params of [{ tenant: name('known') }, Promise.resolve({ tenant: name('known') })]) {
    const context = { params };
    expect((await (await GET(request(), context)).json()).users).toEqual(['a', 'b']);
    expect(handler.mock.lastCall[1]).toBe(context);
  }
});

test.each([undefined, '', 'a/b', 'tenant_undefined', 'admin'])('the tenant %j is refused', async (tenant) => {
  const handler = jest.fn(list);
  for (const [options, status] of [
    [undefined, 400],
    [{ status: 404 }, 404],
  ]) {
    const response = await wrapper.withTenant.route(byHeader, handler, options)(request(tenant));
    expect(response).toBeInstanceOf(Response);
    expect([response.status, await response.json()]).toEqual([
      status,
      { code: 'TENANT_REFUSED', error: expect.any(String) },
    ]);
  }
  expect(handler).not.toHaveBeenCalled();
});

test('mustExist, a resolver that throws, one that hangs', async () => {
  const ask = async (resolve, options, tenant) =>
    (await wrapper.withTenant.route(resolve, list, options)(request(tenant))).status;
  expect(await ask(byHeader, { mustExist: true }, name('known'))).toBe(200);
  expect(await ask(byHeader, { mustExist: true }, name('stranger'))).toBe(404);
  expect(
    await ask(() => {
      throw new Error('no');
    }),
  ).toBe(400);
  expect(await ask(() => new Promise(() => {}), { timeoutMS: 10 })).toBe(503);
});

test('an error with a status of its own is the framework’s to answer', async () => {
  const unauthorized = Object.assign(new Error('who are you?'), { status: 401 });
  await expect(wrapper.withTenant.route(() => Promise.reject(unauthorized), list)(request())).rejects.toBe(
    unauthorized,
  );
});

test('required: false reaches the handler, and no default database', async () => {
  const GET = wrapper.withTenant.route(byHeader, list, { required: false });
  await expect(GET(request())).rejects.toMatchObject({ code: 'TENANT_REQUIRED' });
  expect((await GET(request(name('known')))).status).toBe(200);
});

test('a response that is written later is still the tenant’s', async () => {
  const GET = wrapper.withTenant.route(byHeader, () => {
    let round = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await sleep(1);
          if (round++ === 3) controller.close();
          else
            controller.enqueue(
              new TextEncoder().encode(`${wrapper.currentTenant()} ${await User.countDocuments()};`),
            );
        },
      }),
    );
  });
  expect(await (await GET(request(name('known')))).text()).toBe(`${name('known')} 2;`.repeat(3));
});

test('what the handler throws is thrown on', async () => {
  const GET = wrapper.withTenant.route(byHeader, () => {
    throw new RangeError('mine');
  });
  await expect(GET(request(name('known')))).rejects.toThrow(RangeError);
  expect(() => wrapper.withTenant.route(byHeader)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});

test('withTenant is still another name of run', () => {
  expect(wrapper.withTenant(name('known'), () => wrapper.currentTenant())).toBe(name('known'));
});
