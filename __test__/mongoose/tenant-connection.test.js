'use strict';

const { once } = require('node:events');
const { openTenants, mongoose } = require('../support/tenants');
const { until } = require('../support/until');
const { createWrapper } = require('../..');

const { base, wrapper, server, clear, close, name } = openTenants('conn');

let User;

beforeAll(async () => {
  await clear();
  User = wrapper.wrapModel(base.model('User', new base.Schema({ name: String })));
});

afterAll(close);

test('is open from the start and buffers nothing', async () => {
  const connection = wrapper.adv.getConnection(name('open'));
  expect(connection).toBeInstanceOf(base.Connection);
  expect(connection.readyState).toBe(1);
  expect(connection.buffer).toBeUndefined();
  expect(await connection.asPromise()).toBe(connection);
  expect(base.connections).not.toContain(connection);
  expect([connection.name, connection.db.databaseName, connection.client.db().databaseName]).toEqual(
    Array(3).fill(name('open')),
  );
  expect(connection.host).toBe('127.0.0.1');
  expect(connection.port).toEqual(expect.any(Number));
});

test('useDb() is the wrapper’s connection of that database', async () => {
  const connection = wrapper.adv.getConnection(name('use'));
  expect(connection.useDb(name('other'))).toBe(wrapper.adv.getConnection(name('other')));
  expect(connection.useDb(name('other'), { useCache: true }).model('User')).toBe(User.db(name('other')));
});

test('compiles models of its own', async () => {
  const connection = wrapper.adv.getConnection(name('own'));
  const Own = connection.model('Own', new base.Schema({ n: Number }));
  await Own.create({ n: 1 });
  expect(connection.model('Own')).toBe(Own);
  expect(await server.db(name('own')).collection('owns').countDocuments()).toBe(1);
  expect(() => wrapper.adv.getConnection(name('other')).model('Own')).toThrow(base.Error.MissingSchemaError);
});

test('a model can be asked for by name or by class', () => {
  const connection = wrapper.adv.getConnection(name('ask'));
  expect(connection.model('User')).toBe(User.db(name('ask')));
  expect(connection.model(base.models.User)).toBe(User.db(name('ask')));
  expect(connection.model(User)).toBe(User.db(name('ask')));
  expect(connection.modelNames()).toEqual(['User']);
  expect(() => connection.model('Nobody')).toThrow(base.Error.MissingSchemaError);
  expect(() => connection.model('constructor')).toThrow(base.Error.MissingSchemaError);
});

test('deleteModel() forgets it until it is asked for again', () => {
  const connection = wrapper.adv.getConnection(name('delete'));
  connection.model('User');
  connection.deleteModel('User');
  expect(connection.modelNames()).toEqual([]);
  expect(connection.model('User').db.name).toBe(name('delete'));
});

test('cannot be given another client or server', async () => {
  const connection = wrapper.adv.getConnection(name('fixed'));
  const refused = expect.objectContaining({ name: 'PolyMongoError', code: 'CONNECTION_MANAGED' });
  expect(() => connection.setClient(server)).toThrow(refused);
  await User.db(name('fixed')).findOne();
  const init = jest.spyOn(connection.model('User'), 'init');
  await expect(connection.openUri('mongodb://127.0.0.1:1/x')).rejects.toThrow(refused);
  await expect(connection.openUri()).rejects.toThrow(refused);
  expect(connection.readyState).toBe(1);
  expect(init).not.toHaveBeenCalled();
});

test('close() closes it alone', async () => {
  const connection = wrapper.adv.getConnection(name('close'));
  const Tenant = User.db(name('close'));
  await Tenant.create({ name: 'x' });
  const closed = once(connection, 'close');
  await connection.close();
  await closed;
  expect(connection.readyState).toBe(0);
  expect(await User.db(name('close2')).countDocuments()).toBe(0);
  expect(wrapper.adv.getConnection(name('close')).readyState).toBe(1);
  expect(await User.db(name('close')).countDocuments()).toBe(1);
  expect(await Tenant.countDocuments()).toBe(1);
});

test('a closed client of one database closes nothing', async () => {
  await wrapper.adv.getConnection(name('client')).client.close();
  expect(await User.db(name('client')).countDocuments()).toBe(0);
});

test('collections have names that objects have anyway', async () => {
  const connection = wrapper.adv.getConnection(name('names'));
  for (const each of ['constructor', 'hasOwnProperty', 'toString']) {
    await connection.collection(each).insertOne({ n: 1 });
    expect(await server.db(name('names')).collection(each).countDocuments()).toBe(1);
  }
});

test('options for a collection are left as they are', () => {
  const options = { modelName: 'X', autoIndex: false };
  wrapper.adv.getConnection(name('options')).collection('x', options);
  expect(options).toEqual({ modelName: 'X', autoIndex: false });
});

test('debug printing and operation events work as on any connection', async () => {
  const connection = wrapper.adv.getConnection(name('debug'));
  const operations = [];
  const printed = [];
  connection.on('operation-start', (event) => operations.push(`${event.modelName}.${event.method}`));
  connection.set('debug', (collection, method) => printed.push(`${collection}.${method}`));
  await User.db(name('debug')).findOne();
  expect([operations, printed]).toEqual([['User.findOne'], ['users.findOne']]);
});

test('who listens, prints or stops to while operations go on is heeded from the next one on', async () => {
  const connection = wrapper.adv.getConnection(name('observed'));
  const Observed = User.db(name('observed'));
  const seen = [];
  const note = (what) => (details) => seen.push(`${what} ${details.method ?? details}`);
  const observers = {
    'operation-start': note('start'),
    'operation-end': note('end'),
  };
  for (const [event, listener] of Object.entries(observers)) {
    await Observed.findOne();
    connection.on(event, listener);
    await Observed.findOne();
    await Observed.create({ name: 'x' });
    connection.off(event, listener);
  }
  connection.set('debug', note('debug'));
  await Observed.countDocuments();
  connection.set('debug', false);
  await Observed.countDocuments();
  base.set('debug', note('debug'));
  await Observed.countDocuments();
  // The connection has a setting of its own.
  expect(seen.filter((each) => each.startsWith('debug'))).toHaveLength(1);
  base.set('debug', false);
  expect(seen.slice(0, 4)).toEqual(['start findOne', 'start insertOne', 'end findOne', 'end insertOne']);
});

test('what an application puts on the collections of Mongoose is called', async () => {
  const { prototype } = base.Collection;
  const { findOne } = prototype;
  let calls = 0;
  const Patched = User.db(name('patched'));
  await Patched.create({ name: 'patched' });
  await Patched.findOne();
  prototype.findOne = function (...args) {
    calls += 1;
    return findOne.apply(this, args);
  };
  try {
    expect((await Patched.findOne()).name).toBe('patched');
  } finally {
    prototype.findOne = findOne;
  }
  expect((await Patched.findOne()).name).toBe('patched');
  expect(calls).toBe(1);
});

test('a collection whose connection was closed by force refuses', async () => {
  const { collection, db } = User.db(name('forced'));
  await collection.findOne();
  await db.close(true);
  expect(() => collection.findOne()).toThrow('Connection was force closed');
});

if (mongoose.version.startsWith('8')) {
  test('a collection calls back', async () => {
    const { collection } = User.db(name('callback'));
    await collection.insertOne({ n: 1 });
    const found = await new Promise((resolve) =>
      collection.findOne({ n: 1 }, (error, document) => resolve([error, document.n])),
    );
    expect(found).toEqual([null, 1]);
  });
}

test('a method of a collection fails as on any connection', async () => {
  const { collection } = User.db(name('failing'));
  await expect(collection.findOne({ $nothing: 1 })).rejects.toMatchObject({ code: 2 });
  await collection.insertOne({ _id: 1 });
  await expect(collection.insertOne({ _id: 1 })).rejects.toMatchObject({ code: 11000 });
  expect(await collection.find().toArray()).toEqual([{ _id: 1 }]);
});

test('GridFS of the user’s own Mongoose runs on its database', async () => {
  const bucket = new mongoose.mongo.GridFSBucket(wrapper.adv.getConnection(name('files')).db);
  const upload = bucket.openUploadStream('a.txt');
  upload.end('some text');
  await once(upload, 'finish');
  const chunks = await bucket.openDownloadStreamByName('a.txt').toArray();
  expect(Buffer.concat(chunks).toString()).toBe('some text');
});

test('the options of the wrapper hold for its queries', async () => {
  const uri = process.env.POLYMONGO_TEST_URI;
  const careful = createWrapper({ mongoURI: uri, handleSignals: false, sanitizeFilter: true });
  const quick = createWrapper({ mongoURI: uri, handleSignals: false, maxTimeMS: 50 });
  await User.db(name('limits')).create({ name: 'x' });
  const Careful = careful.wrapModel(base.models.User).db(name('limits'));
  await expect(Careful.find({ name: { $ne: null } })).rejects.toThrow(base.Error.CastError);
  const Quick = quick.wrapModel(base.models.User).db(name('limits'));
  await expect(Quick.find({ $where: 'sleep(500) || true' })).rejects.toMatchObject({ code: 50 });
  await careful.forceCloseAll();
  await quick.forceCloseAll();
});

test('follows the wrapper when that closes and opens again', async () => {
  const other = createWrapper({
    mongoURI: process.env.POLYMONGO_TEST_URI,
    handleSignals: false,
    sharePool: false,
  });
  const Other = other.wrapModel(base.models.User).db(name('follow'));
  const connection = other.adv.getConnection(name('follow'));
  const events = [];
  for (const event of ['connected', 'open', 'disconnected', 'close', 'reconnected']) {
    connection.on(event, () => events.push(event));
  }
  await Other.create({ name: 'x' });
  await until(() => events.includes('open'));
  await other.disconnect();
  await until(() => events.includes('close'));
  expect(connection.readyState).toBe(0);
  expect(await Other.countDocuments()).toBe(1);
  await until(() => events.includes('reconnected'));
  expect(connection.readyState).toBe(1);
  expect(events).toEqual(['connected', 'open', 'disconnected', 'close', 'connected', 'reconnected']);
  await other.closeAll();
  expect(connection.readyState).toBe(0);
  await expect(Other.countDocuments()).rejects.toMatchObject({ code: 'WRAPPER_CLOSED' });
  await other.connect();
  expect(await Other.countDocuments()).toBe(1);
  await other.forceCloseAll();
});
