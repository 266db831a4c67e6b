'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { openTenants } = require('../support/tenants');
const { until } = require('../support/until');

const { base, wrapper, clear, close, name } = openTenants('watch');

let User;

beforeAll(async () => {
  await clear();
  User = wrapper.wrapModel(base.model('User', new base.Schema({ name: String })));
});

afterEach(() => wrapper.closeAllWatches());
afterAll(close);

/** @type {[string, (Tenant: any) => any][]} */
const WAYS = [
  ['Model.watch()', (Tenant) => Tenant.watch()],
  ['collection.watch()', (Tenant) => Tenant.collection.watch()],
  ['connection.watch()', (Tenant) => Tenant.db.watch()],
  ['db.watch()', (Tenant) => Tenant.db.db.watch()],
  ['db.collection().watch()', (Tenant) => Tenant.db.db.collection('users').watch()],
];

test.each(WAYS)(
  '%s brings changes of its database alone, and closeDBstream() ends it',
  async (title, watch) => {
    const tenant = name(title.replace(/\W/g, ''));
    const stream = watch(User.db(tenant));
    const changes = [];
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('change', (change) => changes.push(change.fullDocument.name));
    await sleep(300);
    await User.db(name('elsewhere')).create({ name: 'elsewhere' });
    await User.db(tenant).create({ name: 'here' });
    await until(() => changes.length > 0);
    expect(changes).toEqual(['here']);
    await wrapper.closeDBstream(name('unknown'));
    await wrapper.closeDBstream(tenant);
    await closed;
  },
);

test.each(WAYS)('%s is ended by closeAllWatches() as soon as it was made', async (title, watch) => {
  const stream = watch(User.db(name(`at_once_${title.replace(/\W/g, '')}`)));
  await wrapper.closeAllWatches();
  await sleep(50);
  expect((stream.driverChangeStream ?? stream).closed).toBe(true);
});

test.each(WAYS)('%s misses nothing that happens after it was listened to', async (title, watch) => {
  const tenant = name(`at_once_seen_${title.replace(/\W/g, '')}`);
  const Tenant = User.db(tenant);
  await Tenant.create({ name: 'before' });
  const stream = watch(Tenant);
  const changes = [];
  stream.on('change', (change) => changes.push(change.fullDocument.name));
  // Mongoose hands listeners on in a later microtask.
  await null;
  await Tenant.create([{ name: 'one' }, { name: 'two' }], { ordered: true });
  await until(() => changes.length === 2);
  expect(changes).toEqual(['one', 'two']);
});

test('the resume token is there before anything changes', async () => {
  const stream = User.db(name('token')).collection.watch();
  const known = new Promise((resolve) => stream.once('resumeTokenChanged', resolve));
  stream.on('change', () => {});
  expect(await known).toEqual({ _data: expect.any(String) });
  expect(stream.resumeToken).toEqual(await known);
});

test('as an iterator', async () => {
  const stream = User.db(name('iterator')).watch();
  const next = stream.next();
  await sleep(300);
  await User.db(name('iterator')).create({ name: 'x' });
  expect((await next).fullDocument.name).toBe('x');
  await stream.close();
});

test.each(WAYS)(
  'a failing %s without listeners is an error event, and the process goes on',
  async (title, watch) => {
    const tenant = name(`failing_${title.replace(/\W/g, '')}`);
    const failed = new Promise((resolve) => {
      const off = wrapper.on('error', (event) => {
        off();
        resolve(event);
      });
    });
    const Tenant = User.db(tenant);
    const stream = watch({
      watch: () => Tenant.watch([{ $nonsense: 1 }]),
      collection: { watch: () => Tenant.collection.watch([{ $nonsense: 1 }]) },
      db: {
        watch: () => Tenant.db.watch([{ $nonsense: 1 }]),
        db: {
          watch: () => Tenant.db.db.watch([{ $nonsense: 1 }]),
          collection: (each) => ({ watch: () => Tenant.db.db.collection(each).watch([{ $nonsense: 1 }]) }),
        },
      },
    });
    stream.on('change', () => {});
    expect(await failed).toMatchObject({ dbName: tenant, error: { name: 'MongoServerError' } });
  },
);
