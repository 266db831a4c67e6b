'use strict';

const { createWrapper } = require('../..');
const { startReplicaSet } = require('../../scripts/replica-set');
const { openTenants, uri } = require('../support/tenants');

const { base, wrapper, clear, close, name } = openTenants('directory');
const Model = base.model('Note', new base.Schema({ text: String }));
const Note = wrapper.wrapModel(Model);
const made = [];
const create = (options) => {
  const each = createWrapper({ mongoURI: uri, handleSignals: false, sharePool: false, ...options });
  made.push(each);
  return each;
};

beforeAll(async () => {
  await clear();
  for (const tenant of ['eu_a', 'eu_b', 'us_a', 'xeu_a', 'control'])
    await Note.db(name(tenant)).create({ text: 'a' });
});
afterAll(async () => {
  await Promise.all(made.map((each) => each.forceCloseAll()));
  await close();
});

test('tenantExists asks for collections, and creates none', async () => {
  expect(await wrapper.tenantExists(name('eu_a'))).toBe(true);
  expect(await wrapper.tenantExists(name('stranger'))).toBe(false);
  expect(await wrapper.listTenants(name('stranger'))).toEqual([]);
  await Note.db(name('stranger')).create({ text: 'a' });
  expect(await wrapper.tenantExists(name('stranger'))).toBe(true);
  await wrapper.tenant(name('stranger')).drop();
  expect(await wrapper.tenantExists(name('stranger'))).toBe(false);
  for (const bad of [undefined, '', 'a/b', 'admin', ['a']])
    await expect(wrapper.tenantExists(bad)).rejects.toMatchObject({ code: 'INVALID_DATABASE_NAME' });
});

test.each([
  ['directory_eu_*', ['eu_a', 'eu_b']],
  ['directory_?u_a', ['eu_a']],
  ['directory_*a', ['eu_a', 'us_a', 'xeu_a']],
  ['directory_eu_a', ['eu_a']],
  ['directory.eu_a', []],
  ['*ctory_eu_[ab]', []],
  [/_eu_/, ['eu_a', 'eu_b']],
  [/^directory_.*_a$/g, ['eu_a', 'us_a', 'xeu_a']],
])('listTenants(%p)', async (pattern, expected) => {
  const found = await wrapper.listTenants(pattern);
  expect(found).toEqual(expected.map(name));
});

test('without a pattern, all but those of the server and of models themselves', async () => {
  const each = create({ allowSystemDatabases: true });
  each.wrapModel(Model, { db: name('control') });
  const all = await each.listTenants();
  expect(all).toEqual([...all].sort());
  expect(all).toEqual(expect.arrayContaining(['eu_a', 'eu_b', 'us_a', 'xeu_a'].map(name)));
  for (const none of ['admin', 'config', 'local', name('control')]) expect(all).not.toContain(none);
});

test('only what may be asked for, by the names of tenants', async () => {
  expect(await create({ allowDatabase: /_eu_/ }).listTenants(name('*'))).toEqual([
    name('eu_a'),
    name('eu_b'),
  ]);
  const mapped = create({ databaseName: (tenant) => `directory_eu_${tenant}` });
  expect(await mapped.listTenants()).toEqual(['a', 'b']);
  expect(await mapped.listTenants('a')).toEqual(['a']);
  expect(await mapped.tenantExists('b')).toBe(true);
  const upper = create({
    databaseName: { toDatabase: (t) => t.toLowerCase(), toTenant: (d) => d.toUpperCase() },
  });
  expect(await upper.listTenants('DIRECTORY_E*')).toEqual(['DIRECTORY_EU_A', 'DIRECTORY_EU_B']);
  const fixed = create({ mongoURI: uri.replace(/^(mongodb:\/\/[^/?]+)\/?/, `$1/${name('eu_a')}`) });
  expect(await fixed.listTenants()).toEqual([name('eu_a')]);
});

test.each([null, '', 7, {}, ['a']])('the pattern %j is refused', async (pattern) => {
  await expect(wrapper.listTenants(pattern)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('a tenant on a server of its own is what that server says', async () => {
  const elsewhere = await startReplicaSet({ nodes: 1 });
  try {
    const each = create({ databaseName: (tenant) => `directory_eu_${tenant}` });
    for (const tenant of ['a', 'far'])
      each.scale.setDB(`directory_eu_${tenant}`, { mongoURI: elsewhere.uri });
    await each.wrapModel(Model).db('far').create({ text: 'far' });
    expect(await each.listTenants()).toEqual(['b', 'far']);
    expect([await each.tenantExists('a'), await each.tenantExists('far')]).toEqual([false, true]);
    await each.forceCloseAll();
  } finally {
    await elsewhere.stop();
  }
});
