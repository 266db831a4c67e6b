'use strict';

const net = require('node:net');
const { once } = require('node:events');
const mongoose = require('../support/mongoose');
const driver = require('../../driver');

const uri = process.env.POLYMONGO_TEST_URI;
const DB = 'setdriver_test';

/** A Mongoose instance on our driver. */
function onEngine() {
  const base = new mongoose.Mongoose();
  base.setDriver(driver);
  return base;
}

const withDatabase = (name) => uri.replace(/\/(?=\?|$)/, `/${name}`);

let sockets;

// The official driver is loaded, and must open no connection.
beforeEach(() => {
  sockets = jest.spyOn(net, 'createConnection');
});

afterEach(() => {
  expect(sockets).not.toHaveBeenCalled();
  sockets.mockRestore();
});

describe('mongoose.setDriver(require("polymongo/driver"))', () => {
  let base;
  let User;

  beforeAll(async () => {
    base = onEngine();
    User = base.model('User', new base.Schema({ email: { type: String, unique: true }, name: String }));
  });

  afterAll(async () => {
    await base.connection.dropDatabase();
    await base.disconnect();
  });

  test('connects, with Mongoose’s own states and events, and lets go what was buffered', async () => {
    const { connection } = base;
    const events = [];
    for (const event of ['connecting', 'connected', 'open', 'error'])
      connection.on(event, () => events.push(event));
    const early = User.countDocuments();
    expect(connection.readyState).toBe(0);
    const connecting = base.connect(withDatabase(DB));
    expect(connection.readyState).toBe(2);
    await connecting;
    expect([connection.readyState, connection.name, connection.host]).toEqual([1, DB, '127.0.0.1']);
    expect(await early).toBe(0);
    expect(events).toEqual(['connecting', 'connected', 'open']);
    expect([connection instanceof base.Connection, connection.constructor.name]).toEqual([
      true,
      'NativeConnection',
    ]);
  });

  test('runs models', async () => {
    await User.init();
    await User.create([{ email: 'a' }, { email: 'b' }]);
    expect(await User.find().sort('email').lean()).toMatchObject([{ email: 'a' }, { email: 'b' }]);
    const duplicate = await User.create({ email: 'a' }).catch((error) => error);
    expect(duplicate).toBeInstanceOf(base.mongo.MongoServerError);
    expect(duplicate).toMatchObject({ code: 11000, keyPattern: { email: 1 }, keyValue: { email: 'a' } });
    expect(await User.bulkWrite([{ deleteOne: { filter: { email: 'b' } } }])).toMatchObject({
      deletedCount: 1,
    });
    expect(await base.connection.listCollections()).toContainEqual(
      expect.objectContaining({ name: 'users' }),
    );
  });

  test('runs transactions', async () => {
    await expect(
      base.connection.transaction(async (session) => {
        await User.create([{ email: 'tx' }], { session });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await base.connection.transaction(async (session) => {
      await User.create([{ email: 'tx' }], { session });
    });
    expect(await User.countDocuments({ email: 'tx' })).toBe(1);
  });

  test('useDb() shares the client', async () => {
    const other = base.connection.useDb(`${DB}_other`, { useCache: true });
    expect(other.client).toBe(base.connection.client);
    expect(base.connection.useDb(`${DB}_other`, { useCache: true })).toBe(other);
    const Other = other.model('User', User.schema);
    await Other.create({ email: 'a' });
    expect(await Other.countDocuments()).toBe(1);
    await other.dropDatabase();
  });

  test('command events reach the connection when asked for', async () => {
    const connection = await base.createConnection(withDatabase(DB), { monitorCommands: true }).asPromise();
    const started = once(connection, 'commandStarted');
    await connection.db.command({ ping: 1 });
    expect((await started)[0]).toMatchObject({ commandName: 'ping' });
    await connection.close();
  });

  test('closes and opens again', async () => {
    const connection = await base.createConnection(withDatabase(DB)).asPromise();
    const Again = connection.model('User', User.schema);
    const events = [];
    for (const event of ['disconnecting', 'disconnected', 'close'])
      connection.on(event, () => events.push(event));
    await connection.close();
    expect([connection.readyState, events]).toEqual([0, ['disconnecting', 'disconnected', 'close']]);
    await connection.openUri(withDatabase(DB));
    expect(await Again.countDocuments()).toBeGreaterThan(0);
    await connection.destroy();
    await expect(connection.openUri(withDatabase(DB))).rejects.toThrow(/closed and destroyed/);
  });

  test('the database may be named apart', async () => {
    const connection = await base.createConnection(withDatabase(DB), { dbName: `${DB}_apart` }).asPromise();
    expect([connection.name, connection.db.databaseName, connection.client.db().databaseName]).toEqual(
      Array(3).fill(`${DB}_apart`),
    );
    await connection.close();
  });
});

describe('verdicts', () => {
  const base = onEngine();
  const open = (...parts) => base.createConnection(...parts).asPromise();

  test.each([
    [7, {}, /The `uri` parameter to `openUri\(\)` must be a string/],
    ['localhost', {}, /Invalid scheme/],
    ['mongodb://127.0.0.1/x?bogus=1', {}, /option bogus is not supported/],
    ['mongodb://127.0.0.1/x', { bogus: 1 }, /option bogus is not supported/],
    ['mongodb://127.0.0.1/x', { maxPoolSize: 'many' }, /maxPoolSize/],
    ['mongodb://127.0.0.1/x', { readPreference: 'secondary', autoIndex: true }, /prohibits index creation/],
  ])('%s with %j is judged as Mongoose judges it', async (given, options, message) => {
    await expect(open(given, options)).rejects.toThrow(message);
  });

  test.each([
    ['proxyHost', 'x'],
    ['tlsAllowInvalidHostnames', true],
    ['checkServerIdentity', () => {}],
  ])('%s is refused with the reason', async (name, value) => {
    await expect(open('mongodb://127.0.0.1/x', { [name]: value })).rejects.toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('cannot be honoured'),
      }),
    );
  });

  test('a read preference away from the primary builds no indexes', async () => {
    const connection = base.createConnection();
    await connection.openUri(withDatabase(DB), { readPreference: 'secondaryPreferred' });
    expect(connection.config).toMatchObject({ autoIndex: false, autoCreate: false });
    await connection.close();
  });

  test('a server that is not there is Mongoose’s own error, and no password is in it', async () => {
    const failure = await open('mongodb://user:canary@127.0.0.1:1/x', {
      serverSelectionTimeoutMS: 200,
    }).catch((error) => error);
    expect(failure.name).toBe('MongooseServerSelectionError');
    expect(failure.reason.constructor.name).toBe('TopologyDescription');
    expect(require('node:util').inspect(failure, { depth: 10 })).not.toContain('canary');
  });

  test('setClient() says why not', () => {
    expect(() => base.createConnection().setClient({})).toThrow(
      expect.objectContaining({ name: 'PolyMongoError', code: 'CONNECTION_MANAGED' }),
    );
  });

  test('a schema with encrypted fields is refused before anything is sent', async () => {
    const connection = base.createConnection();
    const algorithm = 'AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic';
    const encrypt = { keyId: [new mongoose.Types.UUID()], algorithm };
    connection.model(
      'Secret',
      new base.Schema({ ssn: { type: String, encrypt } }, { encryptionType: 'csfle' }),
    );
    await expect(connection.openUri(withDatabase(DB))).rejects.toMatchObject({
      code: 'ENCRYPTION_UNSUPPORTED',
    });
  });
});

describe('several at once', () => {
  test('instances, and both versions of Mongoose, keep their own classes', async () => {
    const others = [require('mongoose'), require('mongoose8')].map((each) => new each.Mongoose());
    for (const base of others) base.setDriver(driver);
    const made = await Promise.all(
      others.map(async (base) => {
        await base.connect(withDatabase(`${DB}_versions`));
        const Model = base.model('Thing', new base.Schema({ n: Number }));
        return Model.create({ n: 1 });
      }),
    );
    made.forEach((doc, index) => {
      expect(doc._id).toBeInstanceOf(others[index].Types.ObjectId);
    });
    expect(made[0]._id).not.toBeInstanceOf(others[1].Types.ObjectId);
    await others[0].connection.dropDatabase();
    for (const base of others) await base.disconnect();
  });

  test('called with a Mongoose it answers its classes', () => {
    const classes = driver(mongoose);
    expect(driver(new mongoose.Mongoose())).toBe(classes);
    expect(Object.keys(classes)).toEqual(
      expect.arrayContaining(['Connection', 'Collection', 'BulkWriteResult', 'ClientEncryption']),
    );
  });
});
