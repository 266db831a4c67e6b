'use strict';

const { createWrapper } = require('../..');
const { openTenants, uri } = require('../support/tenants');

const { base, server, clear, close, name } = openTenants('sync');
const made = [];
/** The models of another day: the same collections, other indexes. */
const day = (indexes, options = {}) => {
  const instance = new base.Mongoose();
  const wrapper = createWrapper({ mongoURI: uri, handleSignals: false, autoIndex: false, ...options });
  made.push(wrapper);
  const schema = new instance.Schema({ email: String, age: Number, city: String });
  for (const [keys, how] of indexes) schema.index(keys, how);
  return { wrapper, User: wrapper.wrapModel(instance.model('User', schema)), instance };
};
const indexes = async (tenant) => {
  const found = await server.db(name(tenant)).collection('users').indexes();
  return found.map((index) => index.name).sort();
};
const tenants = ['a', 'b', 'c'];
const all = { databases: 'sync_*' };

beforeEach(async () => {
  await clear();
  for (const tenant of tenants) {
    const users = server.db(name(tenant)).collection('users');
    await users.insertMany([{ email: 'x' }, { email: 'y' }]);
    await users.createIndex({ age: 1 });
  }
  await server.db(name('c')).collection('users').createIndex({ email: 1 }, { unique: true });
});
afterEach(() => Promise.all(made.splice(0).map((wrapper) => wrapper.forceCloseAll())));
afterAll(close);

const EMAIL = [{ email: 1 }, { unique: true }];

test('rolls indexes out over all tenants and reports what differed', async () => {
  const { wrapper } = day([EMAIL]);
  const progress = [];
  const report = await wrapper.syncIndexes(undefined, { ...all, onProgress: (each) => progress.push(each) });
  const row = { model: 'User', toDrop: ['age_1'], dropped: ['age_1'] };
  expect(report.drift.sort((x, y) => (x.dbName < y.dbName ? -1 : 1))).toEqual([
    { ...row, tenant: name('a'), dbName: name('a'), toCreate: [{ email: 1 }], created: [{ email: 1 }] },
    { ...row, tenant: name('b'), dbName: name('b'), toCreate: [{ email: 1 }], created: [{ email: 1 }] },
    { ...row, tenant: name('c'), dbName: name('c'), toCreate: [], created: [] },
  ]);
  expect(report).toMatchObject({ databases: 3, collections: 3, failed: [] });
  for (const tenant of tenants) expect(await indexes(tenant)).toEqual(['_id_', 'email_1']);
  expect(progress.map(({ total, done }) => [total, done])).toEqual([
    [3, 1],
    [3, 2],
    [3, 3],
  ]);
  expect(await wrapper.syncIndexes(undefined, all)).toEqual({
    databases: 3,
    collections: 3,
    drift: [],
    failed: [],
  });
});

test('an onProgress that throws stops what has not begun and ends the call with its error', async () => {
  const { wrapper } = day([EMAIL]);
  const error = new TypeError('a defect');
  const seen = [];
  const onProgress = ({ dbName }) => {
    seen.push(dbName);
    throw error;
  };
  const options = { databases: tenants.map(name), concurrency: 2, onProgress };
  await expect(wrapper.syncIndexes(undefined, options)).rejects.toBe(error);
  expect(seen.sort()).toEqual([name('a'), name('b')]);
  expect(await indexes('a')).toEqual(['_id_', 'email_1']);
  expect(await indexes('b')).toEqual(['_id_', 'email_1']);
  expect(await indexes('c')).toEqual(['_id_', 'age_1', 'email_1']);
});

test('dryRun tells and does nothing', async () => {
  const { wrapper, User } = day([EMAIL]);
  const { drift } = await wrapper.syncIndexes(User, { ...all, dryRun: true, concurrency: 1 });
  expect(drift[0]).toEqual({
    tenant: name('a'),
    dbName: name('a'),
    model: 'User',
    toDrop: ['age_1'],
    toCreate: [{ email: 1 }],
    dropped: [],
    created: [],
  });
  const { toDrop, toCreate } = await User.db(name('a')).diffIndexes();
  expect([drift[0].toDrop, drift[0].toCreate]).toEqual([toDrop, toCreate]);
  expect(await indexes('a')).toEqual(['_id_', 'age_1']);
});

test('drop: false keeps extra indexes', async () => {
  const { wrapper } = day([EMAIL]);
  const { drift } = await wrapper.syncIndexes('User', { databases: [name('b')], drop: false });
  expect(drift).toMatchObject([{ toDrop: ['age_1'], dropped: [], created: [{ email: 1 }] }]);
  expect(await indexes('b')).toEqual(['_id_', 'age_1', 'email_1']);
});

test('a tenant that fails is reported, the others are done', async () => {
  await server.db(name('b')).collection('users').insertOne({ email: 'x' });
  const { wrapper } = day([EMAIL]);
  const { failed, drift } = await wrapper.syncIndexes(undefined, all);
  expect(failed).toEqual([
    { tenant: name('b'), dbName: name('b'), model: 'User', error: expect.objectContaining({ code: 11000 }) },
  ]);
  expect(drift).toContainEqual(
    expect.objectContaining({ tenant: name('b'), toCreate: [{ email: 1 }], created: [] }),
  );
  expect(await indexes('a')).toEqual(['_id_', 'email_1']);
});

test('creates no collection, and no database', async () => {
  const { wrapper, instance } = day([EMAIL], { autoIndex: true });
  wrapper.wrapModel(instance.model('Order', new instance.Schema({ n: { type: Number, index: true } })));
  const report = await wrapper.syncIndexes(undefined, { databases: [name('a'), name('new')] });
  expect(report).toMatchObject({ databases: 2, collections: 1, failed: [] });
  const { databases } = await server.db('admin').admin().listDatabases();
  expect(databases.map((each) => each.name)).not.toContain(name('new'));
  const collections = await server.db(name('a')).listCollections().toArray();
  expect(collections.map((each) => each.name)).toEqual(['users']);
});

test('keeps what another model of the collection, or a discriminator, declares', async () => {
  const { wrapper, User, instance } = day([EMAIL]);
  const other = new instance.Schema({ city: { type: String, index: true } }, { collection: 'users' });
  const Resident = wrapper.wrapModel(instance.model('Resident', other));
  User.discriminator('Child', new instance.Schema({ toy: { type: String, index: true } }));
  await wrapper.syncIndexes(undefined, { databases: [name('a')] });
  const found = ['_id_', 'city_1', 'email_1'];
  expect(await indexes('a')).toEqual(expect.arrayContaining(found));
  await wrapper.syncIndexes(Resident, { databases: [name('a')] });
  expect(await indexes('a')).toEqual(expect.arrayContaining(found));
  expect(await indexes('a')).not.toContain('age_1');
});

test('models that have a database for themselves are synchronised there', async () => {
  const { wrapper, instance } = day([EMAIL]);
  const schema = new instance.Schema({ code: { type: String, index: true } });
  const Plan = wrapper.wrapModel(instance.model('Plan', schema), { db: name('control') });
  await Plan.create({ code: 'a' });
  const { drift } = await wrapper.syncIndexes(Plan);
  expect(drift).toEqual([
    {
      tenant: undefined,
      dbName: name('control'),
      model: 'Plan',
      toDrop: [],
      toCreate: [{ code: 1 }],
      dropped: [],
      created: [{ code: 1 }],
    },
  ]);
});

test.each([
  [undefined, { databases: ['a/b'] }, 'INVALID_DATABASE_NAME'],
  [undefined, { databases: 3 }, 'OPTION_INVALID'],
  [undefined, { dropp: true }, 'OPTION_UNKNOWN'],
  ['Nobody', undefined, 'INVALID_MODEL'],
  [{}, undefined, 'INVALID_MODEL'],
  [base.model('Unwrapped', new base.Schema({})), undefined, 'INVALID_MODEL'],
])('refuses %p, %p', async (models, options, code) => {
  await expect(day([]).wrapper.syncIndexes(models, options)).rejects.toMatchObject({ code });
});
