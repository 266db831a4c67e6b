const { until } = require('../support/until');
const { model, mongoose, wrappers } = require('./support/wrappers');

const { create } = wrappers('weffect');

/** A wrapper and what was sent to the server, as the engine's command events tell. */
async function watched(options) {
  const wrapper = create({ sharePool: false, monitorCommands: true, ...options });
  const Item = wrapper.wrapModel(model('Item', { name: { type: String, index: true }, size: Number }));
  const sent = [];
  await wrapper.connect();
  wrapper.adv
    .getConnection()
    .client.on('commandStarted', ({ commandName, command }) => sent.push([commandName, command]));
  const last = (name) => sent.findLast(([commandName]) => commandName === name)?.[1];
  return { wrapper, Item, sent, last };
}

test('maxTimeMS', async () => {
  const { Item, last } = await watched({ maxTimeMS: 4321 });
  await Item.db('weffect_time').find();
  await until(() => last('find'));
  expect(last('find').maxTimeMS).toBe(4321);
});

test('readConcern, writeConcern and readPreference of the wrapper', async () => {
  const { Item, last } = await watched({
    readConcern: 'majority',
    writeConcern: { w: 1 },
    readPreference: 'primaryPreferred',
  });
  await Item.db('weffect_concerns').create({ name: 'a' });
  await Item.db('weffect_concerns').find();
  await until(() => last('find'));
  expect(last('find').readConcern).toMatchObject({ level: 'majority' });
  expect(last('find').$readPreference).toMatchObject({ mode: 'primaryPreferred' });
  expect(last('insert').writeConcern).toMatchObject({ w: 1 });
});

test('sanitizeFilter', async () => {
  const { wrapper } = await watched({ sanitizeFilter: true });
  const Item = wrapper.wrapModel(model('Secret', { name: String }));
  await expect(Item.db('weffect_sanitize').findOne({ name: { $ne: null } })).rejects.toThrow(
    /Cast to string failed/,
  );
});

test('autoIndex: false builds nothing, syncIndexes does', async () => {
  const { wrapper, Item } = await watched({ autoIndex: false });
  const Here = Item.db('weffect_index');
  await Here.create({ name: 'a' });
  const names = async () => (await Here.collection.indexes()).map(({ name }) => name);
  expect(await names()).toEqual(['_id_']);
  await wrapper.syncIndexes('Item', { databases: ['weffect_index'] });
  expect(await names()).toEqual(['_id_', 'name_1']);
});

test('indexes come with the first write', async () => {
  const { Item } = await watched();
  const Here = Item.db('weffect_auto');
  await Here.create({ name: 'a' });
  expect((await Here.collection.indexes()).map(({ name }) => name)).toEqual(['_id_', 'name_1']);
});

test('requireTenant', async () => {
  const wrapper = create({ requireTenant: true });
  const Item = wrapper.wrapModel(model());
  expect(wrapper.currentTenant()).toBeUndefined();
  await expect((async () => Item.find())()).rejects.toMatchObject({ code: 'TENANT_REQUIRED' });
  expect(() => Item.db(undefined)).toThrow(expect.objectContaining({ name: 'PolyMongoError' }));
  await wrapper.run('weffect_tenant', async () => {
    expect(wrapper.currentTenant()).toBe('weffect_tenant');
    await Item.create({ name: 'a' });
    expect(await wrapper.withTenant({ db: 'weffect_tenant' }, () => Item.countDocuments())).toBe(1);
  });
});

test('appName and maxPoolSize: so many sockets and no more', async () => {
  const appName = 'weffect-sockets';
  const wrapper = create({ appName, maxPoolSize: 3, sharePool: false });
  const Item = wrapper.wrapModel(model());
  await Item.db('weffect_pool').create({ name: 'a' });
  await Promise.all(
    Array.from({ length: 30 }, () => Item.db('weffect_pool').find({ $where: 'sleep(10) || true' })),
  );
  const pool = () => wrapper.stats.general().primary.poolStats;
  // A connection is given back a moment after its answer.
  await until(() => pool().inUseConnections === 0);
  expect(pool()).toMatchObject({
    maxPoolSize: 3,
    totalConnections: 3,
    availableConnections: 3,
    waitQueueSize: 0,
  });
});

test('serialisation options', async () => {
  const wrapper = create({ useBigInt64: true, sharePool: false });
  const Item = wrapper.wrapModel(model());
  const { db } = wrapper.adv.getConnection('weffect_bigint');
  await db.collection('numbers').insertOne({ _id: 1, n: 2n ** 60n });
  expect((await db.collection('numbers').findOne({ _id: 1 })).n).toBe(2n ** 60n);
  expect(Item.base).not.toBe(mongoose);
});

test('two wrappers of one model do not meet', async () => {
  const Item = model();
  const first = create({ defaultDB: 'weffect_first' }).wrapModel(Item);
  const second = create({ defaultDB: 'weffect_second', sharePool: false }).wrapModel(Item);
  await first.create({ name: 'a' });
  expect([await first.countDocuments(), await second.countDocuments()]).toEqual([1, 0]);
});
