'use strict';

const { createWrapper } = require('../..');
const { openTenants, uri } = require('../support/tenants');

const toDatabase = (tenant) => `naming_${tenant}`;
const { base, wrapper, server, clear, close } = openTenants('naming', { databaseName: toDatabase });
const Note = wrapper.wrapModel(base.model('Note', new base.Schema({ text: String })));
const refused = (code) => expect.objectContaining({ name: 'PolyMongoError', code });

beforeAll(clear);
afterAll(close);

const made = [];
afterAll(() => Promise.all(made.map((each) => each.forceCloseAll())));
const create = (databaseName, options) => {
  const each = createWrapper({ mongoURI: uri, handleSignals: false, databaseName, ...options });
  made.push(each);
  return each;
};

test('a tenant named anywhere means its database', async () => {
  await Note.db('a').create({ text: 'db' });
  await wrapper.run('a', () => Note.create({ text: 'run' }));
  await wrapper.tenant('a').models.Note.create({ text: 'tenant' });
  expect(await server.db('naming_a').collection('notes').distinct('text')).toEqual(['db', 'run', 'tenant']);
  expect(Note.db('a')).toBe(Note.db('a'));
  expect(Note.db('a').db.name).toBe('naming_a');
  expect(wrapper.run('a', () => wrapper.currentTenant())).toBe('a');
  expect(wrapper.run('a', () => Note.db.name)).toBe('naming_a');
});

test('the default database is no tenant, and keeps its name', () => {
  expect(Note.db().db.name).toBe('naming_default');
  expect(Note.db.name).toBe('naming_default');
  expect(wrapper.currentTenant()).toBeUndefined();
});

test('what takes a database takes its name', async () => {
  expect(wrapper.adv.getConnection('naming_a').name).toBe('naming_a');
  expect((await wrapper.ping('naming_a')).dbName).toBe('naming_a');
});

test('statistics show both names', async () => {
  await Note.db('a').create({ text: 'stats' });
  await Note.create({ text: 'default' });
  const all = await wrapper.stats.listDatabases();
  expect(all).toContainEqual({ dbName: 'naming_a', tenant: 'a', sizeInMB: expect.any(Number) });
  expect(all).toContainEqual({ dbName: 'admin', sizeInMB: expect.any(Number) });
  expect((await wrapper.stats.db('naming_a')).tenant).toBe('a');
  expect((await wrapper.tenant('a').stats()).tenant).toBe('a');
  expect(await create(undefined, { databaseName: undefined }).stats.db('naming_a')).not.toHaveProperty(
    'tenant',
  );
});

test('names that are given for many tenants are turned into databases once each', async () => {
  let asked = [];
  const each = create((tenant) => {
    asked.push(tenant);
    return toDatabase(tenant);
  });
  const Own = each.wrapModel(base.model('Own', new base.Schema({})));
  const given = ['a', 'b', 'a'];
  asked = [];
  await Own.across(given).countDocuments().toArray();
  expect(asked).toEqual(['a', 'b']);
  asked = [];
  await each.forEachTenant(() => {}, { names: given });
  // Once more for each, to run in its context.
  expect(asked.sort()).toEqual(['a', 'a', 'b', 'b']);
});

test('the way back is found for names with something before and after', () => {
  for (const name of [
    (tenant) => `prod_${tenant}`,
    (tenant) => `${tenant}-eu`,
    (tenant) => `q7x_${tenant}_x`,
    (tenant) => `n${Number(tenant)}`,
    (tenant) => {
      if (!/^[0-9a-f]{24}$/.test(tenant)) throw new Error('no id');
      return `t_${tenant}`;
    },
  ]) {
    const each = create(name);
    const tenant = '507f1f77bcf86cd799439099';
    const given = name.toString().includes('Number') ? '12345' : tenant;
    expect(each.run(given, () => each.currentTenant())).toBe(given);
  }
});

test.each([
  ['ends nowhere', () => 'always'],
  ['turns the name around', (tenant) => [...tenant].reverse().join('')],
  ['answers no string', () => 7],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
  ['is one way only', { toDatabase }],
  ['has another key', { toDatabase, toTenant: String, other: 1 }],
  ['is a string', 'prod_'],
])('a databaseName that %s is refused at once', (_title, databaseName) => {
  expect(() => create(databaseName)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', option: 'databaseName' }),
  );
});

test('two tenants never share a database', () => {
  const lower = create((tenant) => `naming_${tenant.toLowerCase()}`);
  expect(lower.tenant('acme').databaseName).toBe('naming_acme');
  expect(() => lower.tenant('Acme')).toThrow(/which is that of the tenant "acme"/);
  expect(() => lower.run('Acme', () => {})).toThrow(refused('INVALID_DATABASE_NAME'));
  const table = new Map([
    ['one', 'naming_x'],
    ['two', 'naming_x'],
  ]);
  const listed = create({
    toDatabase: (tenant) => table.get(tenant),
    toTenant: (dbName) => [...table].find(([, name]) => name === dbName)?.[0],
  });
  expect(listed.tenant('one').databaseName).toBe('naming_x');
  expect(() => listed.tenant('two')).toThrow(refused('INVALID_DATABASE_NAME'));
  expect(() => listed.tenant('three')).toThrow(refused('INVALID_DATABASE_NAME'));
});

test.each([
  undefined,
  null,
  '',
  7,
  ['a'],
  { toString: () => 'a' },
  'a/b',
  'undefined',
  'x'.repeat(60),
  'a\ud800',
])('the tenant %p is refused everywhere, before anything is asked', (tenant) => {
  for (const use of [
    () => wrapper.run(tenant, () => {}),
    () => wrapper.tenant(tenant),
    ...(tenant == null ? [] : [() => Note.db(tenant)]),
  ])
    expect(use).toThrow(expect.objectContaining({ name: 'PolyMongoError' }));
  expect(() => wrapper.tenant(tenant)).toThrow(refused('INVALID_DATABASE_NAME'));
});

test('a function that throws refuses the tenant and says why', () => {
  const picky = create((tenant) => {
    if (tenant === 'bad') throw new RangeError('not this one');
    return `naming_${tenant}`;
  });
  expect(() => picky.tenant('bad')).toThrow(
    expect.objectContaining({ status: 400, message: expect.stringContaining('not this one') }),
  );
});

test('names like those of an object’s members are ordinary', () => {
  for (const tenant of ['__proto__', 'constructor', 'hasOwnProperty']) {
    expect(Note.db(tenant).db.name).toBe(`naming_${tenant}`);
    expect(wrapper.run(tenant, () => wrapper.currentTenant())).toBe(tenant);
  }
});

test('a URI that names a database does not lock a wrapper whose tenants have names', () => {
  const each = create(toDatabase, { mongoURI: uri.replace(/^(mongodb:\/\/[^/?]+)\/?/, '$1/naming_default') });
  expect(each.tenant('a').databaseName).toBe('naming_a');
});
