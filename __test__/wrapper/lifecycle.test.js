const { inspect } = require('node:util');
const { once } = require('node:events');
const { startReplicaSet } = require('../../scripts/replica-set');
const { until } = require('../support/until');
const { model, mongoose, naming, wrappers } = require('./support/wrappers');

const { create, uri } = wrappers('wlife');
const NOWHERE = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300';

describe('connecting', () => {
  test('nothing connects before the first use', async () => {
    const wrapper = create({ sharePool: false });
    const Item = wrapper.wrapModel(model());
    expect(Item.db('wlife_a').modelName).toBe('Item');
    expect(Item.find().getFilter()).toEqual({});
    expect([wrapper.isConnected(), wrapper.getConnectionState()]).toEqual([false, 'not initialized']);
    expect(wrapper.stats.general()).toMatchObject({ primary: null, totalActivePools: 0 });
    expect(await wrapper.disconnect()).toEqual({
      success: true,
      alreadyDisconnected: true,
      state: 'disconnected',
    });
    await Item.db('wlife_a').countDocuments();
    await until(() => wrapper.isConnected());
  });

  test('connect answers the same to all who ask at once, and again', async () => {
    const wrapper = create({ sharePool: false });
    const Item = wrapper.wrapModel(model());
    const [first, second] = await Promise.all([wrapper.connect(), wrapper.connect()]);
    expect(first).toMatchObject({
      success: true,
      alreadyConnected: false,
      defaultDB: 'wlife_main',
      state: 'connected',
    });
    expect(second.alreadyConnected).toBe(false);
    expect(first.connection).toBeInstanceOf(Item.base.Connection);
    expect(first.connection.name).toBe('wlife_main');
    expect(wrapper.isConnected()).toBe(true);
    expect((await wrapper.connect()).alreadyConnected).toBe(true);
  });

  test('coldStart: false connects by itself', async () => {
    const wrapper = create({ sharePool: false, coldStart: false });
    expect(wrapper.getConnectionState()).toBe('connecting');
    await until(() => wrapper.isConnected());
    expect((await wrapper.connect()).alreadyConnected).toBe(true);
  });

  test('ping', async () => {
    const wrapper = create();
    const timestamp = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await wrapper.ping()).toEqual({
      ok: true,
      dbName: 'wlife_main',
      latency: expect.any(Number),
      timestamp,
    });
    expect((await wrapper.ping('wlife_other')).dbName).toBe('wlife_other');
    await expect(wrapper.ping('')).rejects.toMatchObject({ code: 'INVALID_DATABASE_NAME', status: 400 });
  });

  test('a server out of reach: connect and ping reject in time, attempts are events', async () => {
    const wrapper = create({ mongoURI: NOWHERE, retry: 100 });
    wrapper.wrapModel(model());
    const errors = [];
    wrapper.on('error', (event) => errors.push(event));
    await expect(wrapper.connect()).rejects.toMatchObject({ name: 'MongoServerSelectionError' });
    await expect(wrapper.ping()).rejects.toMatchObject({ name: 'MongoServerSelectionError' });
    await until(() => errors.length >= 3);
    expect(errors[0]).toMatchObject({ name: 'error', dbName: 'wlife_main', readyState: expect.any(Number) });
    expect(errors[0].error).toBeInstanceOf(Error);
    expect(wrapper.isConnected()).toBe(false);
    await wrapper.closeAll();
    const seen = errors.length;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(errors.length).toBe(seen);
  });

  test('disconnect and use again: models held from before work', async () => {
    const wrapper = create({ sharePool: false });
    const Item = wrapper.wrapModel(model()).db('wlife_again');
    await Item.create({ name: 'a' });
    expect(await wrapper.disconnect()).toEqual({
      success: true,
      alreadyDisconnected: false,
      state: 'disconnected',
    });
    expect(wrapper.getConnectionState()).toBe('disconnected');
    expect(await Item.countDocuments()).toBe(1);
    await until(() => wrapper.isConnected());
  });
});

describe('events', () => {
  test('one per database and change', async () => {
    const wrapper = create({ sharePool: false });
    const Item = wrapper.wrapModel(model());
    const seen = [];
    wrapper.on('connect', ({ name, dbName, state, readyState }) =>
      seen.push([name, dbName, state, readyState]),
    );
    wrapper.on('onDbDisconnect', ({ name, dbName, state }) => seen.push([name, dbName, state]));
    await wrapper.connect();
    await Item.db('wlife_one').countDocuments();
    await Item.db('wlife_one').countDocuments();
    await wrapper.closeAll();
    expect(seen).toEqual([
      ['connect', 'wlife_main', 'connected', 1],
      ['connect', 'wlife_one', 'connected', 1],
      ['onDbDisconnect', 'wlife_main', 'disconnected'],
      ['onDbDisconnect', 'wlife_one', 'disconnected'],
    ]);
  });

  test('callbacks get the connection, of these databases', async () => {
    const wrapper = create({ sharePool: false });
    const Item = wrapper.wrapModel(model());
    const seen = [];
    wrapper.onDbConnect((connection) => seen.push(['any', connection.name]));
    const stop = wrapper.onTheseDBConnect(['wlife_x'], (connection) => seen.push(['these', connection.name]));
    wrapper.onTheseDBDisconnect('wlife_x', (connection) => seen.push(['gone', connection.name]));
    await wrapper.connect();
    Item.db('wlife_x');
    await until(() => seen.length === 3);
    stop();
    await wrapper.closeAll();
    expect(seen).toEqual([
      ['any', 'wlife_main'],
      ['any', 'wlife_x'],
      ['these', 'wlife_x'],
      ['gone', 'wlife_x'],
    ]);
  });

  test('listeners that throw or reject break nothing', async () => {
    const wrapper = create({ sharePool: false });
    wrapper.on('connect', () => {
      throw new Error('thrown');
    });
    wrapper.on('connect', async () => {
      throw new Error('rejected');
    });
    wrapper.wrapModel(model());
    const [event] = await Promise.all([once(wrapper, 'connect'), wrapper.connect()]);
    expect(event[0].dbName).toBe('wlife_main');
    expect(() => wrapper.on('conected', () => {})).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_EVENT' }),
    );
  });
});

test('an outage is one event per database, and the state is true', async () => {
  const server = await startReplicaSet({});
  const wrapper = create({ mongoURI: server.uri, sharePool: false });
  const Item = wrapper.wrapModel(model());
  const seen = [];
  for (const event of ['connect', 'disconnect'])
    wrapper.on(event, ({ dbName }) => seen.push([event, dbName]));
  try {
    await Item.db('wlife_outage').create({ name: 'a' });
  } finally {
    await server.stop();
  }
  await until(() => !wrapper.isConnected());
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(wrapper.getConnectionState()).toBe('disconnected');
  expect(Item.db('wlife_outage').db.readyState).toBe(0);
  expect(seen.sort()).toEqual([
    ['connect', 'wlife_main'],
    ['connect', 'wlife_outage'],
    ['disconnect', 'wlife_main'],
    ['disconnect', 'wlife_outage'],
  ]);
});

describe('what is shown', () => {
  test('hosts only', () => {
    const wrapper = create({
      mongoURI: 'mongodb://user:c4n4ry@h1:1,h2:2/app?authSource=admin',
      defaultDB: undefined,
    });
    for (const depth of [0, 5, null])
      expect(inspect(wrapper, { depth, showHidden: true })).not.toContain('c4n4ry');
    expect(inspect(wrapper, { customInspect: false, depth: 12, showHidden: true })).not.toContain('c4n4ry');
    expect(inspect(wrapper)).toContain('h1:1');
    expect(JSON.parse(JSON.stringify(wrapper))).toEqual({
      hosts: ['h1:1', 'h2:2'],
      defaultDB: 'app',
      state: 'not initialized',
    });
    expect(JSON.stringify(wrapper.stats())).not.toContain('c4n4ry');
  });
});

describe('which databases', () => {
  test('the one the URI names is the only one', async () => {
    const wrapper = create({ mongoURI: naming(uri, 'wlife_fixed'), defaultDB: undefined });
    const Item = wrapper.wrapModel(model());
    expect((await Item.create({ name: 'a' })).db.name).toBe('wlife_fixed');
    expect(Item.db('wlife_fixed').db.name).toBe('wlife_fixed');
    const refusals = [
      () => Item.db('tenant_1'),
      () => wrapper.scale.setDB('tenant_1'),
      () => wrapper.adv.getConnection('tenant_1'),
      () => wrapper.run('tenant_1', () => {}),
    ];
    for (const refused of refusals)
      expect(refused).toThrow(
        expect.objectContaining({
          code: 'DATABASE_FIXED_BY_URI',
          dbName: 'tenant_1',
          uriDatabase: 'wlife_fixed',
        }),
      );
    expect(() => Item.db('tenant_1')).toThrow(
      'DATABASE_FIXED_BY_URI: .db("tenant_1") refused: mongoURI names the database "wlife_fixed", so all models use it. To use several ' +
        'databases pass preferURI: false (.db() still means "wlife_fixed") or remove "/wlife_fixed" from mongoURI. Coming from ' +
        'polymongo 1.3 (default database "default")? Pass compat: "1.3".',
    );
    expect((await wrapper.stats.db('wlife_elsewhere')).numCollections).toBe(0);
  });

  test('data of a 1.3 user does not vanish silently', async () => {
    const Left = model('Leftover13');
    const old = create({ compat: '1.3', mongoURI: naming(uri, 'wlife_named'), defaultDB: undefined });
    await old.wrapModel(Left).create({ name: 'old' });
    const settings = { mongoURI: naming(uri, 'wlife_named'), defaultDB: undefined };
    try {
      const wrapper = create(settings);
      const Item = wrapper.wrapModel(Left);
      await expect(wrapper.connect()).rejects.toMatchObject({ code: 'DEFAULT_DATABASE_AMBIGUOUS' });
      await expect(Item.create({ name: 'new' })).rejects.toMatchObject({
        code: 'DEFAULT_DATABASE_AMBIGUOUS',
      });
      const cold = create(settings);
      await expect(cold.wrapModel(Left).find()).rejects.toMatchObject({ code: 'DEFAULT_DATABASE_AMBIGUOUS' });
      const decided = create({ ...settings, preferURI: true });
      expect(await decided.wrapModel(Left).countDocuments()).toBe(0);
    } finally {
      await old.wrapModel(Left).collection.drop();
    }
    const wrapper = create(settings);
    const Item = wrapper.wrapModel(Left);
    expect(await Item.countDocuments()).toBe(0);
    await wrapper.connect();
  });

  test('names are checked everywhere, before any I/O', async () => {
    const wrapper = create({ mongoURI: NOWHERE });
    const Item = wrapper.wrapModel(model());
    const code = 'INVALID_DATABASE_NAME';
    for (const name of ['', 'a b', 'a/b', 'admin', 'tenant_undefined', 'x'.repeat(64)]) {
      for (const use of [
        () => Item.db(name),
        () => wrapper.scale.setDB([name]),
        () => wrapper.run(name, () => {}),
      ])
        expect(use).toThrow(expect.objectContaining({ code, status: 400 }));
      for (const use of [
        wrapper.ping(name),
        wrapper.dropDatabase(name),
        wrapper.stats.db(name),
        wrapper.actions.exportDB(name),
      ])
        await expect(use).rejects.toMatchObject({ code });
    }
  });

  test('allowDatabase and names that differ in case', async () => {
    const wrapper = create({ allowDatabase: /^wlife_[a-z]+$/gi, sharePool: false });
    const Item = wrapper.wrapModel(model());
    for (let turn = 0; turn < 3; turn++) expect(Item.db('wlife_ok').db.name).toBe('wlife_ok');
    expect(() => Item.db('other')).toThrow(expect.objectContaining({ code: 'INVALID_DATABASE_NAME' }));
    wrapper.scale.setDB('wlife_Case');
    expect(() => Item.db('wlife_case')).toThrow('"wlife_Case"');
  });
});

test('adv: connections of ours, usable as Mongoose connections', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model());
  expect(wrapper.adv.mongoose).toBe(Item.base);
  expect(wrapper.adv.getPrimaryConnection()).toBeUndefined();
  const connection = wrapper.adv.getOrCreatePrimaryConnection();
  await wrapper.connect();
  expect(wrapper.adv.getPrimaryConnection()).toBe(connection);
  expect(wrapper.adv.getConnection()).toBe(connection);
  const other = wrapper.adv.getSharedConnection('wlife_adv');
  expect(other).toBe(wrapper.adv.getConnection('wlife_adv'));
  const Thing = other.model('Thing', new mongoose.Schema({ n: Number }));
  await Thing.create({ n: 1 });
  expect(await other.db.collection('things').countDocuments()).toBe(1);
  const session = await other.startSession();
  await session.endSession();
});

test('a Mongoose is found without any model', async () => {
  const wrapper = create();
  expect((await wrapper.ping()).ok).toBe(true);
  expect(wrapper.adv.mongoose.version).toMatch(/^\d+\./);
});

test('wrapModel refuses what is no model', () => {
  const wrapper = create();
  for (const value of [undefined, null, {}, class {}, 'User', new mongoose.Schema({})])
    expect(() => wrapper.wrapModel(value)).toThrow(
      expect.objectContaining({
        code: 'INVALID_MODEL',
        message: expect.stringMatching(/^Invalid model provided to wrapModel/),
      }),
    );
});

test('names by the hundred thousand are not all remembered', async () => {
  const wrapper = create({ sharePool: false });
  wrapper.wrapModel(model());
  await wrapper.connect();
  for (let index = 0; index < 100_100; index++) wrapper.tenant(`lifecycle_asked${index}`);
  // Listeners are told in a microtask.
  await null;
  let told = 0;
  wrapper.on('disconnect', () => {
    told += 1;
  });
  await wrapper.closeAll();
  expect(told).toBe(100_000);
});
