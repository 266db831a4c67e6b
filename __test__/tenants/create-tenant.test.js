'use strict';

const { createWrapper } = require('../..');
const { openTenants, uri } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('create', {
  databaseName: (tenant) => `create_${tenant}`,
  autoIndex: false,
});
const { Schema } = base;
const logSchema = new Schema({ at: Date }, { capped: 4096, autoCreate: true });
const shapeSchema = new Schema({ name: String }, { discriminatorKey: 'kind' });
const models = (owner) => {
  const User = owner.model('User', new Schema({ name: { type: String, unique: true } }));
  const Log = owner.model('Log', logSchema);
  const Shape = owner.model('Shape', shapeSchema);
  Shape.discriminator('Round', new Schema({ radius: { type: Number, index: true } }));
  const View = owner.model('View', new Schema({ name: String }, { autoCreate: false, autoIndex: false }));
  const Plan = owner.model('Plan', new Schema({ title: String }), undefined, { db: name('control') });
  return { User, Log, Shape, View, Plan };
};
const { User, Log, Plan } = models(wrapper);

const collections = async (tenant) =>
  (await server.db(name(tenant)).listCollections().toArray()).map((each) => each.name).sort();
const indexes = async (tenant, collection) =>
  (await server.db(name(tenant)).collection(collection).indexes()).map((each) => each.name);
const failure = (code, more) => expect.objectContaining({ name: 'PolyMongoError', code, ...more });

beforeAll(clear);
afterAll(close);

test('makes the collections and indexes of all models of tenants, and seeds', async () => {
  const seen = [];
  const tenant = await wrapper.createTenant('a', {
    seed: async (handle) => {
      seen.push(handle.name, wrapper.currentTenant());
      await User.create({ name: 'seeded' });
    },
  });
  expect(tenant.name).toBe('a');
  expect(seen).toEqual(['a', 'a']);
  expect(await collections('a')).toEqual(['logs', 'shapes', 'users']);
  expect(await indexes('a', 'users')).toEqual(['_id_', 'name_1']);
  expect(await indexes('a', 'shapes')).toEqual(['_id_', 'radius_1']);
  expect((await server.db(name('a')).listCollections({ name: 'logs' }).toArray())[0].options.capped).toBe(
    true,
  );
  expect(await tenant.User.distinct('name')).toEqual(['seeded']);
  expect(await collections('control')).toEqual([]);
});

test('only those that were chosen', async () => {
  await wrapper.createTenant('chosen', { models: ['Log', User] });
  expect(await collections('chosen')).toEqual(['logs', 'users']);
  for (const bad of ['Nothing', Plan, {}, null])
    await expect(wrapper.createTenant('bad', { models: [bad] })).rejects.toMatchObject({
      name: 'PolyMongoError',
    });
  expect(await collections('bad')).toEqual([]);
});

test('one that exists is an error, or is kept as it is', async () => {
  const seed = jest.fn();
  await User.db('there').create({ name: 'before' });
  await expect(wrapper.createTenant('there', { seed })).rejects.toEqual(
    failure('TENANT_EXISTS', { status: 409, tenant: 'there' }),
  );
  const kept = await wrapper.createTenant('there', { seed, ifExists: 'keep' });
  expect(kept.name).toBe('there');
  expect(seed).not.toHaveBeenCalled();
  expect(await collections('there')).toEqual(['users']);
});

test('a failing seed leaves nothing behind, and it can be tried again', async () => {
  const cause = new RangeError('no more roles');
  const seed = async () => {
    await User.create({ name: 'half' });
    throw cause;
  };
  await expect(wrapper.createTenant('half', { seed })).rejects.toEqual(
    failure('TENANT_NOT_CREATED', { cause, step: 'seed', message: expect.stringContaining('dropped again') }),
  );
  expect(await wrapper.tenantExists('half')).toBe(false);
  await wrapper.createTenant('half', { seed: () => User.create({ name: 'whole' }) });
  expect(await User.db('half').distinct('name')).toEqual(['whole']);
  expect(await indexes('half', 'users')).toEqual(['_id_', 'name_1']);
});

test('a collection that cannot be made leaves nothing behind', async () => {
  const other = createWrapper({ mongoURI: uri, handleSignals: false, sharePool: false });
  other.model('User', new Schema({ name: String }));
  other.model('Wrong', new Schema({ name: String }, { collation: { locale: 'nowhere' } }));
  await expect(other.createTenant(name('wrong'))).rejects.toEqual(
    failure('TENANT_NOT_CREATED', {
      step: 'collections',
      cause: expect.objectContaining({ name: 'MongoServerError' }),
    }),
  );
  expect(await collections('wrong')).toEqual([]);
  await other.forceCloseAll();
});

test('at the same time, one creates it and nothing is undone', async () => {
  const others = Array.from({ length: 4 }, () =>
    createWrapper({
      mongoURI: uri,
      handleSignals: false,
      sharePool: false,
      databaseName: (tenant) => `create_${tenant}`,
    }),
  );
  for (const each of others) models(each);
  const seed = (tenant) => tenant.User.create({ name: 'once' });
  for (let round = 0; round < 5; round++) {
    const outcomes = await Promise.allSettled(
      [wrapper, wrapper, ...others].map((each) => each.createTenant(`race${round}`, { seed })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const { reason } of outcomes) if (reason) expect(reason.code).toBe('TENANT_EXISTS');
    expect(await User.db(`race${round}`).distinct('name')).toEqual(['once']);
  }
  await Promise.all(others.map((each) => each.forceCloseAll()));
});

test('what others write meanwhile is not undone', async () => {
  const [creation, ...writes] = await Promise.allSettled([
    wrapper.createTenant('between'),
    ...Array.from({ length: 5 }, () => Log.db('between').create({ at: new Date() })),
  ]);
  if (creation.status === 'rejected') expect(creation.reason).toEqual(failure('TENANT_EXISTS'));
  expect(writes.map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'));
  expect(await Log.db('between').countDocuments()).toBe(5);
});

test.each([
  [undefined, undefined, 'INVALID_DATABASE_NAME'],
  ['a/b', undefined, 'INVALID_DATABASE_NAME'],
  ['new', null, 'OPTION_INVALID'],
  ['new', { seed: 'x' }, 'OPTION_INVALID'],
  ['new', { models: 'User' }, 'OPTION_INVALID'],
  ['new', { ifExists: 'drop' }, 'OPTION_INVALID'],
  ['new', { seeds: () => {} }, 'OPTION_UNKNOWN'],
])('createTenant(%j, %j) is refused', async (tenant, options, code) => {
  await expect(wrapper.createTenant(tenant, options)).rejects.toEqual(failure(code));
  expect(await collections('new')).toEqual([]);
});
