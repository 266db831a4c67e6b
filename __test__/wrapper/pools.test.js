const { until } = require('../support/until');
const { model, wrappers } = require('./support/wrappers');

const { create, uri } = wrappers('wpool');
const NOWHERE = 'mongodb://user:c4n4ry@127.0.0.1:1/?serverSelectionTimeoutMS=200';
const separate = (wrapper, dbName) =>
  wrapper.stats.general().separateDB.find((pool) => pool.dbName === dbName);

test('setDB, pool.configure and dbSpecific give a database a pool of its own', async () => {
  const wrapper = create({
    sharePool: false,
    maxPoolSize: 4,
    dbSpecific: [{ dbName: 'wpool_specific', options: { maxConnections: 2 } }],
  });
  const Item = wrapper.wrapModel(model());
  wrapper.scale.setDB(['wpool_set'], { maxConnections: 3, minConnections: 1 });
  wrapper.pool.configure('wpool_configured');
  for (const name of ['specific', 'set', 'configured', 'shared'])
    await Item.db(`wpool_${name}`).create({ name });
  const sizes = ['specific', 'set', 'configured'].map(
    (name) => separate(wrapper, `wpool_${name}`).poolStats.maxPoolSize,
  );
  expect(sizes).toEqual([2, 3, 4]);
  expect(separate(wrapper, 'wpool_shared')).toBeUndefined();
  expect(wrapper.stats.general()).toMatchObject({
    totalActivePools: 4,
    primary: { sharedDatabases: expect.arrayContaining(['wpool_shared']) },
  });
  expect(separate(wrapper, 'wpool_set')).toMatchObject({ isInitialized: true, readyState: 1 });
  expect(separate(wrapper, 'wpool_set').poolStats.totalConnections).toBeGreaterThan(0);
  expect((await wrapper.stats.db('wpool_set')).config).toMatchObject({ maxConnections: 3 });
});

test('the operation right after setDB goes to the new pool', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model());
  for (let turn = 0; turn < 20; turn++) {
    const name = `wpool_next${turn}`;
    wrapper.scale.setDB(name, { mongoURI: NOWHERE });
    await expect(Item.db(name).countDocuments()).rejects.toMatchObject({ name: 'MongoServerSelectionError' });
  }
});

test('connectDB resolves when connected and rejects when that cannot be', async () => {
  const wrapper = create({ sharePool: false });
  wrapper.wrapModel(model());
  const connected = [];
  wrapper.on('connect', ({ dbName }) => connected.push(dbName));
  await wrapper.scale.connectDB(['wpool_a', 'wpool_b'], { maxConnections: 1 });
  expect(['wpool_a', 'wpool_b'].map((name) => separate(wrapper, name).readyState)).toEqual([1, 1]);
  expect(connected.sort()).toEqual(['wpool_a', 'wpool_b']);
  await wrapper.pool.connect('wpool_a');
  const error = await wrapper.scale
    .connectDB('wpool_nowhere', { mongoURI: NOWHERE })
    .catch((failure) => failure);
  expect(error).toMatchObject({ name: 'MongoServerSelectionError' });
  expect(`${error.message} ${JSON.stringify(wrapper.stats())} ${JSON.stringify(error)}`).not.toContain(
    'c4n4ry',
  );
});

test('coldStart: false connects in the background; a failure is an event', async () => {
  const wrapper = create({ sharePool: false });
  wrapper.wrapModel(model());
  const errors = [];
  wrapper.on('error', ({ dbName, error }) => errors.push([dbName, error.name]));
  wrapper.scale.setDB('wpool_cold', { coldStart: false });
  wrapper.scale.setDB('wpool_broken', { mongoURI: NOWHERE, coldStart: false });
  await until(() => separate(wrapper, 'wpool_cold').readyState === 1 && errors.length > 0);
  expect(errors).toEqual([['wpool_broken', 'MongoServerSelectionError']]);
});

test('an idle pool closes after its ttl, says so, and opens again by itself', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model()).db('wpool_ttl');
  const seen = [];
  wrapper.on('connect', ({ dbName }) => seen.push(['connect', dbName]));
  wrapper.on('disconnect', ({ dbName }) => seen.push(['disconnect', dbName]));
  wrapper.scale.setDB('wpool_ttl', { autoClose: true, ttl: 200 });
  await Item.create({ name: 'a' });
  await until(() => seen.length === 2);
  expect(separate(wrapper, 'wpool_ttl')).toMatchObject({ isInitialized: false, readyState: 0 });
  expect(await Item.countDocuments()).toBe(1);
  await until(() => seen.length >= 3);
  expect(seen.slice(0, 3)).toEqual([
    ['connect', 'wpool_ttl'],
    ['disconnect', 'wpool_ttl'],
    ['connect', 'wpool_ttl'],
  ]);
});

test('a live pool changes its size without failing an operation', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model()).db('wpool_resize');
  await wrapper.scale.connectDB('wpool_resize', { maxConnections: 2 });
  const writes = Array.from({ length: 200 }, (_, size) => Item.create({ name: 'n', size }));
  wrapper.scale.setDB('wpool_resize', { maxConnections: 5 });
  await Promise.all(writes);
  await until(() => separate(wrapper, 'wpool_resize').poolStats.maxPoolSize === 5);
  expect(await Item.countDocuments()).toBe(200);
});

test('what a pool says of concerns and preferences holds for its database', () => {
  const wrapper = create({ sharePool: false, writeConcern: { w: 1 } });
  wrapper.wrapModel(model());
  wrapper.scale.setDB('wpool_concerns', {
    mongoURI: `${uri}${uri.includes('?') ? '&' : '/?'}w=majority&readPreference=nearest`,
  });
  const { db } = wrapper.adv.getConnection('wpool_concerns');
  expect([db.writeConcern.w, db.readPreference.mode]).toEqual(['majority', 'nearest']);
  expect(wrapper.adv.getConnection('wpool_other').db.writeConcern.w).toBe(1);
});

test('arguments are checked', async () => {
  const wrapper = create();
  const cases = [
    [[], 'Failed to set DB configuration: the databases must be an array of names, or one name'],
    [[[]], 'the databases must be an array of names'],
    [[5], 'the databases must be an array of names'],
    [[['a', 'a']], 'the database "a" is named twice'],
    [['a', null], 'options must be an object'],
    [['a', { maxConnections: 0 }], 'maxConnections must be a positive number'],
    [['a', { maxConections: 1 }], 'did you mean "maxConnections"?'],
    [['a', { ttl: Number.NaN }], 'is an environment variable unset?'],
    [['a', { mongoURI: 'mongodb://u:c4n4ry@@h' }], 'mongoURI is malformed'],
  ];
  for (const [parts, text] of cases) {
    expect(() => wrapper.scale.setDB(...parts)).toThrow(text);
    expect(() => wrapper.scale.setDB(...parts)).not.toThrow('c4n4ry');
  }
  await expect(wrapper.scale.connectDB([])).rejects.toThrow(
    'Failed to scale connections: the databases must be',
  );
});
