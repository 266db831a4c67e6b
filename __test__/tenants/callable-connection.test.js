'use strict';

const { inspect } = require('node:util');
const { openTenants } = require('../support/tenants');

const { base, wrapper, clear, close, name } = openTenants('callable');

let Wrapped;
let Tenant;

beforeAll(async () => {
  await clear();
  Wrapped = wrapper.wrapModel(base.model('User', new base.Schema({ name: String })));
  Tenant = Wrapped.db(name('a'));
});

afterAll(close);

test('is the connection', () => {
  const connection = wrapper.adv.getConnection(name('a'));
  expect(Tenant.db).toBeInstanceOf(base.Connection);
  expect(Tenant.db.constructor.name).toBe('NativeConnection');
  expect([Tenant.db.name, Tenant.db.readyState, Tenant.db.base]).toEqual([name('a'), 1, base]);
  expect(Tenant.db.models).toBe(connection.models);
  expect(Tenant.db.collection('users')).toBe(connection.collection('users'));
  expect(Object.keys(Tenant.db)).toEqual(Object.keys(connection));
  expect('startSession' in Tenant.db).toBe(true);
  expect(Object.getOwnPropertyDescriptor(Tenant.db, 'models').value).toBe(connection.models);
});

test('is one for each model and database', () => {
  expect(Tenant.db).toBe(Tenant.db);
  expect(new Tenant().db).toBe(Tenant.db);
  expect(Wrapped.db).toBe(Wrapped.db().db);
  expect(Wrapped.db(name('b')).db).not.toBe(Tenant.db);
});

test('what is set on it is set on the connection', () => {
  const connection = wrapper.adv.getConnection(name('a'));
  Tenant.db.mine = 7;
  expect(connection.mine).toBe(7);
  Object.defineProperty(Tenant.db, 'fixed', { value: 1, configurable: true });
  expect(connection.fixed).toBe(1);
  delete Tenant.db.mine;
  expect('mine' in connection).toBe(false);
  Tenant.db.set('maxTimeMS', 1234);
  expect(connection.get('maxTimeMS')).toBe(1234);
});

test('is an event emitter like the connection', () => {
  const connection = wrapper.adv.getConnection(name('a'));
  const heard = [];
  const listener = (value) => heard.push(value);
  Tenant.db.on('mine', listener);
  connection.emit('mine', 1);
  Tenant.db.emit('mine', 2);
  Tenant.db.off('mine', listener);
  connection.emit('mine', 3);
  expect(heard).toEqual([1, 2]);
  expect(connection.listenerCount('mine')).toBe(0);
});

test('answers a call with the model of that database', async () => {
  const other = Tenant.db(name('b'));
  expect(other).toBe(Wrapped.db(name('b')));
  expect((await other.create({ name: 'x' })).db(name('a'))).toBe(Tenant);
});

test('can be looked at', () => {
  expect(inspect(Tenant.db)).toContain(name('a'));
  expect(inspect(Tenant)).toBe('Model { User }');
  expect(inspect(wrapper.adv.getConnection(name('a')))).not.toMatch(/password|mongodb:\/\//);
});

test('does for Mongoose what the connection does', async () => {
  await Tenant.db.createCollection('made');
  expect((await Tenant.db.listCollections()).map((each) => each.name)).toContain('made');
  await Tenant.db.transaction(async (session) => {
    await Tenant.create([{ name: 'tx' }], { session });
  });
  expect(await Tenant.countDocuments()).toBe(1);
  expect(await Tenant.db.aggregate([{ $listLocalSessions: {} }, { $limit: 1 }])).toHaveLength(1);
  await Tenant.db.dropDatabase();
  expect(await Tenant.countDocuments()).toBe(0);
});
