const { until } = require('../support/until');
const { model, mongoose, wrappers } = require('./support/wrappers');

const { create } = wrappers('wclose');
const closedError = expect.objectContaining({ code: 'WRAPPER_CLOSED' });
/** Runs on the server for so many milliseconds. */
const slowly = (Item, ms) => Item.find({ name: 'a', $where: `sleep(${ms}) || true` }).lean();

test('closeAll lets running work finish and refuses new work until connect()', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model()).db('wclose_drain');
  await Item.create({ name: 'a' });
  const running = slowly(Item, 300).exec();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closing = wrapper.closeAll();
  await expect(Item.countDocuments()).rejects.toEqual(closedError);
  expect(wrapper.getConnectionState()).toBe('disconnecting');
  expect(await running).toHaveLength(1);
  expect(await closing).toEqual({ drained: 1, cancelled: 0 });
  await expect(Item.countDocuments()).rejects.toEqual(closedError);
  await expect(wrapper.ping()).rejects.toEqual(closedError);
  expect(await wrapper.closeAll()).toEqual({ drained: 0, cancelled: 0 });
  await wrapper.connect();
  expect(await Item.countDocuments()).toBe(1);
});

test('whatever is asked of a closed wrapper is refused in the same way', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model()).db('wclose_refused');
  await Item.create([{ name: 'a' }, { name: 'b' }]);
  const session = await Item.db.startSession();
  const cursor = Item.find().batchSize(1).cursor();
  await cursor.next();
  await wrapper.forceCloseAll();
  const refused = {
    findOne: () => Item.findOne(),
    create: () => Item.create({ name: 'c' }),
    aggregate: () => Item.aggregate([{ $match: {} }]),
    bulkWrite: () => Item.bulkWrite([{ deleteMany: { filter: {} } }]),
    'in a session': () => Item.findOne({}, null, { session }),
    'the next batch': () => cursor.next(),
    transaction: () => wrapper.transaction(async () => {}),
    startSession: () => Item.db.startSession(),
    ping: () => wrapper.ping(),
    stream: () => Item.db.watch().next(),
    'a command': () => Item.db.db.command({ ping: 1 }),
  };
  const told = {};
  for (const [name, run] of Object.entries(refused)) {
    const error = await run().then(
      () => null,
      (reason) => reason,
    );
    told[name] = [error?.constructor.name, error?.code];
  }
  const expected = Object.keys(refused).map((name) => [name, ['PolyMongoError', 'WRAPPER_CLOSED']]);
  expect(told).toEqual(Object.fromEntries(expected));
});

test('after its deadline the rest is cancelled', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model()).db('wclose_deadline');
  await Item.create({ name: 'a' });
  const running = slowly(Item, 3000)
    .exec()
    .catch((error) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const started = Date.now();
  expect(await wrapper.closeAll({ timeoutMS: 100 })).toEqual({ drained: 0, cancelled: 1 });
  expect(Date.now() - started).toBeLessThan(2000);
  expect(await running).toEqual(closedError);
});

test('forceCloseAll cancels at once, also what closeAll waits for', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model()).db('wclose_force');
  await Item.create({ name: 'a' });
  const running = slowly(Item, 3000)
    .exec()
    .catch((error) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const started = Date.now();
  const closing = wrapper.closeAll();
  await wrapper.forceCloseAll();
  await closing;
  expect(Date.now() - started).toBeLessThan(2000);
  expect(await running).toEqual(closedError);
});

test('usable as a handler: bound, without parameters, foreign arguments ignored', async () => {
  const wrapper = create({ sharePool: false });
  const { closeAll, forceCloseAll } = wrapper;
  expect([closeAll.length, forceCloseAll.length, wrapper.actions.closeAll]).toEqual([0, 0, closeAll]);
  for (const parts of [['SIGTERM', 15], [undefined], [null], [() => {}], [5]])
    expect(await closeAll(...parts)).toEqual({ drained: 0, cancelled: 0 });
  expect(await forceCloseAll('SIGTERM')).toEqual({ drained: 0, cancelled: 0 });
  await expect(closeAll({ timeoutMS: 'soon' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('an open transaction may finish', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model()).db('wclose_transaction');
  await Item.create({ name: 'a' });
  let closing;
  const value = await wrapper.transaction(async (session) => {
    await Item.create([{ name: 'b' }], { session });
    closing = wrapper.closeAll();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await Item.create([{ name: 'c' }], { session });
    return 'done';
  });
  expect(value).toBe('done');
  expect((await closing).cancelled).toBe(0);
  await wrapper.connect();
  expect(await Item.countDocuments()).toBe(3);
});

describe('a find over many batches and a transaction', () => {
  const appName = 'wclose-batches';
  const watching = create({ appName: 'wclose-watching', allowSystemDatabases: true });
  /** The kinds of what the server holds open for the wrapper: cursors and transactions. */
  const open = async () => {
    const stages = [
      { $currentOp: { idleCursors: true, idleSessions: true } },
      { $match: { appName, $or: [{ cursor: { $exists: true } }, { transaction: { $exists: true } }] } },
    ];
    const found = await watching.adv.getConnection('admin').db.aggregate(stages).toArray();
    return [...new Set(found.map(({ transaction }) => (transaction ? 'transaction' : 'cursor')))].sort();
  };
  /** Both under way: a find that the server filters so, and a transaction after its first write. */
  const start = async (name, $where) => {
    const wrapper = create({ sharePool: false, appName });
    const Item = wrapper.wrapModel(model()).db(`wclose_${name}`);
    await Item.insertMany(Array.from({ length: 40 }, (_, size) => ({ name: 'a', size })));
    const found = Item.find({ name: 'a', $where }).batchSize(2).lean().exec();
    let proceed;
    let written = false;
    const proceeding = new Promise((resolve) => (proceed = resolve));
    const committed = wrapper.transaction(async (session) => {
      await Item.create([{ name: 'b' }], { session });
      written = true;
      await proceeding;
      await Item.create([{ name: 'c' }], { session });
      return 'committed';
    });
    for (const each of [found, committed]) each.catch(() => {});
    await until(async () => written && (await open()).length === 2);
    return { wrapper, Item, found, committed, proceed };
  };

  test('finish within the deadline', async () => {
    const { wrapper, Item, found, committed, proceed } = await start('batches', 'sleep(50) || true');
    const closing = wrapper.closeAll({ timeoutMS: 30_000 });
    await expect(Item.countDocuments()).rejects.toEqual(closedError);
    proceed();
    expect([(await found).length, await committed]).toEqual([40, 'committed']);
    const { drained, cancelled } = await closing;
    expect(cancelled).toBe(0);
    // The cursor and the transaction, and what was just asked of either.
    expect(drained).toBeGreaterThanOrEqual(2);
    await until(async () => (await open()).length === 0);
    await wrapper.connect();
    expect(await Item.countDocuments()).toBe(42);
  });

  test('are cancelled after it, and the server keeps nothing of them', async () => {
    const { wrapper, Item, found, committed, proceed } = await start(
      'short',
      'this.size < 2 || sleep(60000) || true',
    );
    // The getMore, its cursor and the transaction.
    expect(await wrapper.closeAll({ timeoutMS: 50 })).toEqual({ drained: 0, cancelled: 3 });
    proceed();
    await expect(found).rejects.toEqual(closedError);
    await expect(committed).rejects.toEqual(closedError);
    await until(async () => (await open()).length === 0);
    await wrapper.connect();
    expect(await Item.countDocuments()).toBe(40);
  });
});

describe('wrappers with the same URI and options share one pool', () => {
  test('and closing one leaves the other alone', async () => {
    const appName = 'wclose-shared';
    const first = create({ appName });
    const second = create({ appName });
    const One = first.wrapModel(model('One')).db('wclose_shared');
    const Two = second.wrapModel(model('Two')).db('wclose_shared');
    await One.create({ name: 'a' });
    await Two.create({ name: 'a' });
    expect(first.stats().totalConnectionsAcrossPools).toBe(second.stats().totalConnectionsAcrossPools);

    const mine = slowly(One, 300).exec();
    const theirs = slowly(Two, 600).exec();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const started = Date.now();
    expect((await first.closeAll()).cancelled).toBe(0);
    expect(Date.now() - started).toBeLessThan(550);
    expect(await mine).toHaveLength(1);
    await expect(One.countDocuments()).rejects.toEqual(closedError);
    expect(await theirs).toHaveLength(1);
    expect(await Two.countDocuments()).toBe(1);
    await first.connect();
    expect(await One.countDocuments()).toBe(1);
    await second.closeAll();
    expect(await One.countDocuments()).toBe(1);
    await expect(Two.countDocuments()).rejects.toEqual(closedError);
    const third = create({ appName });
    expect(await third.wrapModel(model('One')).db('wclose_shared').countDocuments()).toBe(1);
    await Promise.all([first.closeAll(), third.closeAll()]);
    await second.connect();
    expect(await Two.countDocuments()).toBe(1);
  });

  test('and the server does not finish what one that was closed by force had asked for', async () => {
    const appName = 'wclose-forced';
    const [first, second] = [create({ appName }), create({ appName, allowSystemDatabases: true })];
    const One = first.wrapModel(model('One')).db('wclose_forced');
    await One.create({ name: 'a' });
    const admin = second.adv.getConnection('admin').db;
    const running = async () => {
      const pipeline = [{ $currentOp: {} }, { $match: { appName, 'command.comment': 'forced' } }];
      return (await admin.aggregate(pipeline).toArray()).length;
    };
    const slow = slowly(One, 60_000).comment('forced').exec();
    slow.catch(() => {});
    await until(async () => (await running()) === 1);
    expect(await first.forceCloseAll()).toEqual({ drained: 0, cancelled: 1 });
    await expect(slow).rejects.toEqual(closedError);
    await until(async () => (await running()) === 0);
  });

  test('and disconnecting one is heard by its own listeners alone', async () => {
    const appName = 'wclose-disconnect';
    const [first, second] = [create({ appName }), create({ appName })];
    const One = first.wrapModel(model('One'));
    second.wrapModel(model('Two'));
    const seen = [];
    for (const event of ['connect', 'disconnect']) {
      first.on(event, ({ dbName }) => seen.push(['first', event, dbName]));
      second.on(event, ({ dbName }) => seen.push(['second', event, dbName]));
    }
    await Promise.all([first.connect(), second.connect()]);
    seen.splice(0);
    await first.disconnect();
    expect([first.getConnectionState(), second.getConnectionState()]).toEqual(['disconnected', 'connected']);
    expect(await One.countDocuments()).toBe(0);
    expect(first.getConnectionState()).toBe('connected');
    expect(seen).toEqual([
      ['first', 'disconnect', 'wclose_main'],
      ['first', 'connect', 'wclose_main'],
    ]);
  });

  test('and cannot send a database of both to another deployment', () => {
    const appName = 'wclose-apart';
    const first = create({ appName });
    create({ appName });
    expect(() => first.scale.setDB('wclose_x', { mongoURI: 'mongodb://127.0.0.1:1' })).toThrow(
      'sharePool: false',
    );
  });
});

describe('change streams', () => {
  test('are closed by database, all together, and with the wrapper', async () => {
    const wrapper = create({ sharePool: false });
    const Item = wrapper.wrapModel(model());
    const open = (name) => {
      const stream = Item.db(name).watch();
      const state = { closed: false };
      stream
        .on('change', () => {})
        .on('close', () => {
          state.closed = true;
        });
      return state;
    };
    const [a, b, c] = ['wclose_a', 'wclose_b', 'wclose_c'].map(open);
    await wrapper.closeDBstream('wclose_a');
    wrapper.closeDBstream('wclose_unknown');
    await until(() => a.closed);
    expect([b.closed, c.closed]).toEqual([false, false]);
    await wrapper.closeAllWatches();
    await until(() => b.closed && c.closed);
    const d = open('wclose_a');
    await wrapper.closeAll();
    await until(() => d.closed);
  });

  test('that fail without a listener end nothing', async () => {
    const wrapper = create({ sharePool: false });
    const Item = wrapper.wrapModel(model());
    const errors = [];
    wrapper.on('error', ({ dbName, error }) => errors.push([dbName, error.message]));
    const stream = Item.db('wclose_bad').watch([{ $nonsense: 1 }]);
    stream.on('change', () => {});
    await until(() => errors.length > 0);
    expect(errors[0][0]).toBe('wclose_bad');
    await stream.close();
  });
});

test('dropDatabase', async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model());
  await Item.db('wclose_gone').create({ name: 'a' });
  const stream = Item.db('wclose_gone').watch();
  let closed = false;
  stream
    .on('change', () => {})
    .on('close', () => {
      closed = true;
    });
  await wrapper.dropDatabase('wclose_gone');
  await until(() => closed);
  expect((await wrapper.stats.listDatabases()).map(({ dbName }) => dbName)).not.toContain('wclose_gone');
  await Item.db('wclose_gone').create({ name: 'again' });
  expect(await Item.db('wclose_gone').countDocuments()).toBe(1);
  await wrapper.bulkTasks.dropDatabase('wclose_gone');
  await expect(wrapper.dropDatabase(undefined)).rejects.toMatchObject({ code: 'INVALID_DATABASE_NAME' });
  expect(mongoose.connections.length).toBeGreaterThan(0);
});
