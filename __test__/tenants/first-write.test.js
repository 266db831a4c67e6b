'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { openTenants } = require('../support/tenants');
const { createWrapper } = require('../..');

const { base, wrapper, server, clear, close, name } = openTenants('first', { monitorCommands: true });
const { Schema } = base;

const collections = async (tenant) =>
  (await server.db(name(tenant)).listCollections({}, { nameOnly: true }).toArray())
    .map((each) => each.name)
    .sort();
const indexes = async (tenant, collection) =>
  (await server.db(name(tenant)).collection(collection).indexes()).map((each) => each.name).sort();

let User;
let Order;

beforeAll(async () => {
  await clear();
  User = wrapper.wrapModel(
    base.model('User', new Schema({ email: { type: String, unique: true }, name: String })),
  );
  Order = wrapper.wrapModel(base.model('Order', new Schema({ number: { type: Number, index: true } })));
});

afterAll(close);

test('reading creates nothing', async () => {
  const Tenant = User.db(name('reading'));
  expect(await Tenant.find()).toEqual([]);
  expect(await Tenant.findOne()).toBeNull();
  expect(await Tenant.countDocuments()).toBe(0);
  expect(await Tenant.estimatedDocumentCount()).toBe(0);
  expect(await Tenant.distinct('name')).toEqual([]);
  expect(await Tenant.aggregate([{ $match: {} }])).toEqual([]);
  expect(await Tenant.exists({})).toBeNull();
  for await (const _each of Tenant.find().cursor()) throw new Error('nothing is there');
  const { databases } = await server.db('admin').admin().listDatabases({ nameOnly: true });
  expect(databases.map((each) => each.name)).not.toContain(name('reading'));
});

/** @type {[string, (Tenant: any, connection: any) => Promise<any>][]} */
const WRITES = [
  ['create', (Tenant) => Tenant.create({ email: 'a' })],
  ['save', (Tenant) => new Tenant({ email: 'a' }).save()],
  ['insertMany', (Tenant) => Tenant.insertMany([{ email: 'a' }])],
  ['bulkWrite', (Tenant) => Tenant.bulkWrite([{ insertOne: { document: { email: 'a' } } }])],
  ['bulkSave', (Tenant) => Tenant.bulkSave([new Tenant({ email: 'a' })])],
  ['an upsert', (Tenant) => Tenant.updateOne({ email: 'a' }, { name: 'x' }, { upsert: true })],
  ['findOneAndUpdate', (Tenant) => Tenant.findOneAndUpdate({ email: 'a' }, { name: 'x' }, { upsert: true })],
  [
    'findOneAndReplace',
    (Tenant) => Tenant.findOneAndReplace({ email: 'a' }, { email: 'a' }, { upsert: true }),
  ],
  ['replaceOne', (Tenant) => Tenant.replaceOne({ email: 'a' }, { email: 'a' }, { upsert: true })],
  ['deleteMany', (Tenant) => Tenant.deleteMany({ email: 'a' })],
  ['Model.collection', (Tenant) => Tenant.collection.insertOne({ email: 'a' })],
  ['the raw database', (Tenant) => Tenant.db.db.collection('users').insertOne({ email: 'a' })],
  ['the raw client', (Tenant) => Tenant.db.client.db().collection('users').insertOne({ email: 'a' })],
  [
    'a raw bulk',
    (Tenant) => Tenant.db.db.collection('users').initializeUnorderedBulkOp().insert({ email: 'a' }).execute(),
  ],
  [
    '$merge',
    async (Tenant) => {
      await Tenant.db.collection('source').insertOne({ email: 'a' });
      await Tenant.db
        .collection('source')
        .aggregate([{ $match: {} }, { $merge: { into: 'users' } }])
        .toArray();
    },
  ],
];

test.each(WRITES)('%s makes the collection ready first', async (title, write) => {
  const tenant = `way_${title.replace(/\W/g, '')}`;
  await write(User.db(name(tenant)));
  expect(await indexes(tenant, 'users')).toEqual(['_id_', 'email_1']);
});

test('options of the collection hold from the first document', async () => {
  const Log = wrapper.wrapModel(
    base.model('Log', new Schema({ text: String }, { capped: { size: 4096, max: 2 } })),
  );
  const Reading = wrapper.wrapModel(
    base.model(
      'Reading',
      new Schema({ at: Date, value: Number }, { timeseries: { timeField: 'at', granularity: 'minutes' } }),
    ),
  );
  const Word = wrapper.wrapModel(
    base.model('Word', new Schema({ word: String }, { collation: { locale: 'de', strength: 1 } })),
  );
  await Log.db(name('options')).create([{ text: 'a' }, { text: 'b' }, { text: 'c' }], { ordered: true });
  await Reading.db(name('options')).insertMany([{ at: new Date(), value: 1 }]);
  await Word.db(name('options')).create({ word: 'Äpfel' });
  const listed = await server.db(name('options')).listCollections().toArray();
  const options = Object.fromEntries(listed.map((each) => [each.name, each.options]));
  expect(options.logs).toMatchObject({ capped: true, max: 2 });
  expect(options.readings).toMatchObject({ timeseries: { timeField: 'at' } });
  expect(options.words).toMatchObject({ collation: { locale: 'de' } });
  expect(await Log.db(name('options')).countDocuments()).toBe(2);
});

test('a unique rule holds when many first writes come at once', async () => {
  const Tenant = User.db(name('race'));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => Tenant.create({ email: 'same' })),
  );
  expect(outcomes.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
  expect(new Set(outcomes.filter((each) => each.reason).map((each) => each.reason.code))).toEqual(
    new Set([11000]),
  );
});

test('it happens once, and only for what is written', async () => {
  const commands = [];
  const Tenant = User.db(name('once'));
  Tenant.db.client.on('commandStarted', (event) => {
    if (event.databaseName === name('once')) commands.push(event.commandName);
  });
  await Promise.all([
    Tenant.create({ email: 'a' }),
    Tenant.create({ email: 'b' }),
    Tenant.create({ email: 'c' }),
  ]);
  await Tenant.create({ email: 'd' });
  expect(commands.filter((each) => each !== 'insert').sort()).toEqual(['create', 'createIndexes']);
  expect(commands.slice(0, 2)).toEqual(['create', 'createIndexes']);
  expect(await collections('once')).toEqual(['users']);
});

test('what was dropped is made again', async () => {
  const Tenant = User.db(name('dropped'));
  const ready = async () => {
    await Tenant.create({ email: 'a' });
    expect(await indexes('dropped', 'users')).toEqual(['_id_', 'email_1']);
  };
  await ready();
  await Tenant.collection.drop();
  await ready();
  await Tenant.db.dropDatabase();
  await ready();
  await wrapper.dropDatabase(name('dropped'));
  await ready();
  await Tenant.db.db.dropCollection('users');
  await ready();
  await Tenant.collection.dropIndexes();
  await Tenant.deleteMany();
  await ready();
});

test('discriminators have their indexes too', async () => {
  const Event = base.model(
    'Event',
    new Schema({ at: { type: Date, index: true } }, { discriminatorKey: 'kind' }),
  );
  Event.discriminator('Click', new Schema({ x: { type: Number, index: true } }));
  await wrapper.wrapModel(Event).db(name('kinds')).create({ at: new Date() });
  expect(await indexes('kinds', 'events')).toEqual(['_id_', 'at_1', 'x_1']);
});

test('an explicit init() creates without a write', async () => {
  await User.db(name('explicit')).init();
  expect(await indexes('explicit', 'users')).toEqual(['_id_', 'email_1']);
});

test('a name that differs in case only is refused once the database exists, and not before', async () => {
  const upper = name('CASE');
  const lower = name('case');
  expect(await User.db(upper).countDocuments()).toBe(0);
  await User.db(lower).create({ email: 'a' });
  expect(() => User.db(name('Case'))).toThrow(expect.objectContaining({ code: 'INVALID_DATABASE_NAME' }));
  expect(await User.db(lower).countDocuments()).toBe(1);
});

describe('a transaction', () => {
  const inTransaction = async (run) => {
    const connection = wrapper.adv.getConnection(name('any'));
    const session = await connection.startSession();
    try {
      session.startTransaction();
      const value = await run(session);
      await session.commitTransaction();
      return value;
    } finally {
      await session.endSession();
    }
  };

  test('writes to a new tenant at once, to several collections', async () => {
    await inTransaction(async (session) => {
      await User.db(name('tx')).create([{ email: 'a' }], { session });
      await Order.db(name('tx')).create([{ number: 1 }], { session });
    });
    expect(await indexes('tx', 'users')).toEqual(['_id_', 'email_1']);
    expect(await indexes('tx', 'orders')).toEqual(['_id_', 'number_1']);
    expect(await server.db(name('tx')).collection('orders').countDocuments()).toBe(1);
  });

  test('may read before it writes', async () => {
    await inTransaction(async (session) => {
      expect(await User.db(name('tx_read')).find().session(session)).toEqual([]);
      await User.db(name('tx_read')).create([{ email: 'a' }], { session });
      expect(await Order.db(name('tx_read')).countDocuments().session(session)).toBe(0);
      await Order.db(name('tx_read')).create([{ number: 1 }], { session });
    });
    expect(await indexes('tx_read', 'users')).toEqual(['_id_', 'email_1']);
  });

  test('that is implicit does the same, and the collections are made outside it', async () => {
    const implicit = createWrapper({
      mongoURI: process.env.POLYMONGO_TEST_URI,
      handleSignals: false,
      implicitSession: true,
    });
    const Tenant = implicit.wrapModel(base.models.User).db(name('tx_implicit'));
    await implicit.transaction(async () => {
      await Tenant.create({ email: 'a' });
    });
    expect(await indexes('tx_implicit', 'users')).toEqual(['_id_', 'email_1']);
    await implicit.forceCloseAll();
  });

  test('that is rolled back leaves collections and no documents', async () => {
    await expect(
      inTransaction(async (session) => {
        await User.db(name('tx_abort')).create([{ email: 'a' }], { session });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await collections('tx_abort')).toContain('users');
    expect(await server.db(name('tx_abort')).collection('users').countDocuments()).toBe(0);
  });

  test('that meets a model nobody knew before is run again', async () => {
    let attempts = 0;
    await wrapper.transaction(async (session) => {
      attempts += 1;
      await User.db(name('tx_late')).find().session(session);
      const late = base.models.Late ?? base.model('Late', new Schema({ n: { type: Number, index: true } }));
      await wrapper
        .wrapModel(late)
        .db(name('tx_late'))
        .create([{ n: 1 }], { session });
    });
    expect(attempts).toBe(2);
    expect(await indexes('tx_late', 'lates')).toEqual(['_id_', 'n_1']);
  });
});

describe('a failure', () => {
  test('rejects the write with the reason, is an event, and is tried again', async () => {
    const errors = [];
    const off = wrapper.on('error', (event) => errors.push(event));
    await server
      .db(name('broken'))
      .collection('users')
      .insertMany([{ email: 'same' }, { email: 'same' }]);
    const Tenant = User.db(name('broken'));
    await expect(Tenant.create({ email: 'x' })).rejects.toMatchObject({ code: 11000 });
    expect(await Tenant.countDocuments()).toBe(2);
    expect(errors).toEqual([
      expect.objectContaining({ dbName: name('broken'), error: expect.objectContaining({ code: 11000 }) }),
    ]);
    await server.db(name('broken')).collection('users').deleteMany({});
    await Tenant.create({ email: 'x' });
    expect(await indexes('broken', 'users')).toEqual(['_id_', 'email_1']);
    off();
  });

  test('of another collection does not stop a transaction', async () => {
    await server
      .db(name('half'))
      .collection('users')
      .insertMany([{ email: 'same' }, { email: 'same' }]);
    await wrapper.transaction(async (session) => {
      await Order.db(name('half')).create([{ number: 1 }], { session });
    });
    await expect(
      wrapper.transaction(async (session) => {
        await User.db(name('half')).create([{ email: 'x' }], { session });
      }),
    ).rejects.toMatchObject({ code: 11000 });
  });
});

describe('switched off', () => {
  const open = (options) =>
    createWrapper({ mongoURI: process.env.POLYMONGO_TEST_URI, handleSignals: false, ...options });

  test('by the wrapper', async () => {
    const off = open({ autoIndex: false, autoCreate: false });
    const Tenant = off.wrapModel(base.models.User).db(name('off'));
    await Tenant.create({ email: 'a' });
    expect(await indexes('off', 'users')).toEqual(['_id_']);
    await off.syncIndexes(undefined, { databases: [name('off')] });
    expect(await indexes('off', 'users')).toEqual(['_id_', 'email_1']);
    await off.forceCloseAll();
  });

  test('by the schema', async () => {
    const schema = new Schema({ n: { type: Number, index: true } }, { autoIndex: false });
    await wrapper.wrapModel(base.model('Quiet', schema)).db(name('off_schema')).create({ n: 1 });
    expect(await indexes('off_schema', 'quiets')).toEqual(['_id_']);
  });

  test('by the connection', async () => {
    const connection = wrapper.adv.getConnection(name('off_connection'));
    connection.set('autoIndex', false);
    connection.config.autoIndex = false;
    await User.db(name('off_connection')).create({ email: 'a' });
    expect(await indexes('off_connection', 'users')).toEqual(['_id_']);
  });

  test('by Mongoose', async () => {
    base.set('autoIndex', false);
    try {
      await User.db(name('off_mongoose')).create({ email: 'a' });
    } finally {
      base.set('autoIndex', true);
    }
    expect(await indexes('off_mongoose', 'users')).toEqual(['_id_']);
  });
});

test('a hook of the creation may write to the collection', async () => {
  const schema = new Schema({ n: Number });
  schema.post('createCollection', async function () {
    await this.create({ n: 0 });
  });
  const Seeded = wrapper.wrapModel(base.model('Seeded', schema));
  await Seeded.db(name('seeded')).create({ n: 1 });
  expect((await Seeded.db(name('seeded')).find().sort({ n: 1 })).map((each) => each.n)).toEqual([0, 1]);
});

test('a first write does not make the process follow its promises, which costs each of them', async () => {
  const child = path.join(__dirname, 'children', 'followed-promises.js');
  const followsInFrames = Number(process.versions.node.split('.')[0]) < 24;
  const { stdout } = await promisify(execFile)(process.execPath, [child]);
  expect(stdout).toBe(`false false ${followsInFrames}`);
});
