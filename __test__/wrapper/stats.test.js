const { model, wrappers } = require('./support/wrappers');

const { create } = wrappers('wstats');

test('on a cold wrapper all figures are real: nothing', () => {
  const wrapper = create({ sharePool: false, maxPoolSize: 7, minFreeConnections: 2, idleTimeoutMS: 60_000 });
  expect(wrapper.stats()).toEqual({
    activeConnections: 0,
    databases: [],
    poolStats: { totalConnections: 0, maxPoolSize: 7, minFreeConnections: 2, idleTimeoutMS: 60_000 },
    totalActivePools: 0,
    totalConnectionsAcrossPools: 0,
    primary: null,
    separateDB: [],
  });
});

test('in use, in both shapes', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model());
  await Item.db('wstats_a').create({ name: 'a' });
  await Item.db('wstats_b').create({ name: 'b' });
  expect(wrapper.stats()).toMatchObject({
    activeConnections: 2,
    databases: ['wstats_a', 'wstats_b'],
    poolStats: { totalConnections: expect.any(Number), maxPoolSize: 10, minFreeConnections: 0 },
  });
  const { primary, totalConnectionsAcrossPools } = wrapper.stats.general();
  expect(primary).toEqual({
    readyState: 1,
    poolStats: {
      totalConnections: expect.any(Number),
      availableConnections: expect.any(Number),
      inUseConnections: expect.any(Number),
      waitQueueSize: 0,
      maxPoolSize: 10,
      minPoolSize: 0,
    },
    sharedDatabases: ['wstats_a', 'wstats_b'],
  });
  expect(primary.poolStats.totalConnections).toBe(totalConnectionsAcrossPools);
  expect(totalConnectionsAcrossPools).toBeGreaterThan(0);
});

test('of one database, asked of the server', async () => {
  const wrapper = create();
  const Item = wrapper.wrapModel(model());
  const before = Date.now();
  await Item.db('wstats_size').insertMany(
    Array.from({ length: 50 }, (_, size) => ({ name: 'x'.repeat(100), size })),
  );
  await Item.db('wstats_size').db.db.createCollection('view', { viewOn: 'items', pipeline: [] });
  const stats = await wrapper.stats.db('wstats_size');
  expect(stats).toEqual({
    sizeMb: expect.any(Number),
    numCollections: 1,
    collections: [{ name: 'items', docCount: 50, sizeMb: expect.any(Number) }],
    lastUsed: expect.any(Date),
    mongoURI: expect.stringMatching(/^mongodb:\/\/[^@]*$/),
    isInitialized: true,
    config: {},
    poolStats: expect.objectContaining({ maxPoolSize: 10 }),
  });
  expect(stats.collections[0].sizeMb).toBeGreaterThan(0.005);
  expect(stats.lastUsed.getTime()).toBeGreaterThanOrEqual(before);
  expect(await wrapper.stats.listDatabases()).toContainEqual({
    dbName: 'wstats_size',
    sizeInMB: expect.any(Number),
  });
});

test('asking about a database that is not there creates nothing', async () => {
  const wrapper = create();
  expect(await wrapper.stats.db('wstats_absent')).toMatchObject({
    sizeMb: 0,
    numCollections: 0,
    collections: [],
  });
  expect((await wrapper.stats.listDatabases()).map(({ dbName }) => dbName)).not.toContain('wstats_absent');
});

test('a wrapper that shares a connected pool is connected', async () => {
  const appName = 'wstats-shared';
  const first = create({ appName });
  first.wrapModel(model());
  await first.connect();
  const second = create({ appName });
  second.wrapModel(model());
  expect(second.isConnected()).toBe(true);
  const seen = [];
  second.on('connect', ({ dbName }) => seen.push(dbName));
  expect((await second.connect()).alreadyConnected).toBe(true);
  await second.ping('wstats_x');
  expect(seen).toEqual(['wstats_main', 'wstats_x']);
});
