'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { openTenants } = require('../support/tenants');

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
    for (let i = 0; i < 100 && changes.length === 0; i++) await sleep(20);
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
