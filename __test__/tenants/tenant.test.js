'use strict';

const { once } = require('node:events');
const { inspect } = require('node:util');
const { openTenants } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('handle', {
  databaseName: (tenant) => `handle_${tenant}`,
});
const { Schema } = base;
const User = wrapper.wrapModel(base.model('User', new Schema({ name: String })));
const Plan = wrapper.wrapModel(base.model('Plan', new Schema({ title: String })), { db: name('control') });
const refused = (code) => expect.objectContaining({ name: 'PolyMongoError', code });

beforeAll(clear);
afterAll(close);

test('has its two names', () => {
  const tenant = wrapper.tenant('one');
  expect([tenant.name, tenant.databaseName]).toEqual(['one', 'handle_one']);
  expect(JSON.stringify(tenant)).toBe('{"name":"one","databaseName":"handle_one"}');
  expect(inspect(tenant)).toBe("Tenant { name: 'one', databaseName: 'handle_one' }");
});

test('its models are those that .db() gives', () => {
  const tenant = wrapper.tenant('one');
  for (const found of [
    tenant.models.User,
    tenant.User,
    tenant.model('User'),
    tenant.model(User),
    tenant.model(base.models.User),
  ])
    expect(found).toBe(User.db('one'));
  expect(Object.keys(tenant.models)).toEqual(['User', 'Plan']);
  expect('User' in tenant.models).toBe(true);
  expect(tenant.models.Plan).toBe(Plan.db());
  expect({ ...tenant.models }.User).toBe(User.db('one'));
});

test('models that come later are there as well, and what is no model is undefined', () => {
  const tenant = wrapper.tenant('one');
  expect(tenant.Late).toBeUndefined();
  const Late = wrapper.wrapModel(base.model('Late', new Schema({})));
  expect(tenant.Late).toBe(Late.db('one'));
  for (const key of ['then', 'nothing', 'user', '$$typeof']) expect(tenant[key]).toBeUndefined();
  expect('nothing' in tenant.models).toBe(false);
  expect(() => tenant.model('nothing')).toThrow(refused('INVALID_MODEL'));
  expect(() => tenant.model({})).toThrow(refused('INVALID_MODEL'));
  expect(() => tenant.model()).toThrow(/User, Plan, Late/);
  expect(() => {
    tenant.models.User = null;
  }).toThrow(TypeError);
});

test('is an object like others', async () => {
  const tenant = wrapper.tenant('one');
  expect(String(tenant)).toBe('[object Object]');
  expect(await tenant).toBe(tenant);
  expect(Object.hasOwn(tenant, 'name')).toBe(true);
  expect(() => inspect(Object.getPrototypeOf(tenant))).not.toThrow();
});

test('a model of the name of a member is among the models', () => {
  const Run = wrapper.wrapModel(base.model('run', new Schema({})));
  const tenant = wrapper.tenant('one');
  expect(tenant.models.run).toBe(Run.db('one'));
  expect(tenant.run(() => wrapper.currentTenant())).toBe('one');
});

test('run, transaction and watch are about the tenant', async () => {
  const tenant = wrapper.tenant('two');
  await tenant.run(() => User.create({ name: 'run' }));
  const stream = tenant.watch();
  const changed = once(stream, 'change');
  const made = await tenant.transaction(async (session) => {
    const [user] = await User.create([{ name: 'transaction' }], { session });
    await Plan.create([{ title: 'transaction' }], { session });
    return user;
  });
  expect(made.db.name).toBe('handle_two');
  await expect(
    tenant.transaction(async (session) => {
      await User.create([{ name: 'aborted' }], { session });
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  const [change] = await changed;
  expect(change.ns).toEqual({ db: 'handle_two', coll: 'users' });
  await stream.close();
  expect((await server.db('handle_two').collection('users').distinct('name')).sort()).toEqual([
    'run',
    'transaction',
  ]);
});

test('stats and drop are about its database', async () => {
  const tenant = wrapper.tenant('three');
  await tenant.User.create({ name: 'a' });
  expect((await tenant.stats()).collections).toEqual([
    expect.objectContaining({ name: 'users', docCount: 1 }),
  ]);
  await tenant.drop();
  expect((await tenant.stats()).collections).toEqual([]);
  await tenant.User.create({ name: 'again' });
  expect(await User.db('three').countDocuments()).toBe(1);
});

test('one for each of many requests keeps nothing', () => {
  for (let i = 0; i < 20_000; i++) wrapper.tenant(`many${i}`);
  expect(wrapper.stats().databases.filter((each) => each.startsWith('handle_many'))).toEqual([]);
});
