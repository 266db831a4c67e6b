'use strict';

const { EventEmitter, once } = require('node:events');
const { Readable, Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { setTimeout: sleep, setImmediate: turn } = require('node:timers/promises');
const { createWrapper } = require('../..');
const { mongoose, openTenants, uri } = require('../support/tenants');

const { base, wrapper, clear, close, name } = openTenants('flow', {
  monitorCommands: true,
  implicitSession: true,
});
const { Schema } = base;
const schema = new Schema({ name: String, friend: { type: 'ObjectId', ref: 'User' } });
schema.static('named', function named(text) {
  return this.find({ name: text });
});
schema.index({ name: 1 });
schema.query.named = function named(text) {
  return this.where({ name: text });
};
schema.method('twin', function twin() {
  return this.constructor.create({ name: this.name });
});
schema.virtual('friends', { ref: 'User', localField: 'friend', foreignField: '_id' });
const User = wrapper.wrapModel(base.model('User', schema));
const here = name('here');
const elsewhere = name('elsewhere');

/** Databases that commands were sent to. */
const asked = [];
beforeAll(async () => {
  await clear();
  User.db(here)
    .db.getClient()
    .on('commandStarted', ({ databaseName }) => asked.push(databaseName));
  for (const tenant of [here, elsewhere]) await User.db(tenant).create({ name: tenant });
});
afterAll(close);

/** Every way to reach the database through a wrapped model; what is made is used later, where it may be. */
const ENTRIES = {
  find: () => User.find(),
  'find().named()': () => User.find().named('x'),
  findOne: () => User.findOne(),
  findById: () => User.findById(new base.Types.ObjectId()),
  where: () => User.where('name').equals('x').find(),
  'a static': () => User.named('x'),
  exists: () => User.exists({}),
  countDocuments: () => User.countDocuments(),
  estimatedDocumentCount: () => User.estimatedDocumentCount(),
  distinct: () => User.distinct('name'),
  findOneAndUpdate: () => User.findOneAndUpdate({}, { $set: { age: 1 } }),
  findByIdAndDelete: () => User.findByIdAndDelete(new base.Types.ObjectId()),
  updateMany: () => User.updateMany({}, { name: 'x' }),
  replaceOne: () => User.replaceOne({ name: 'none' }, { name: 'x' }),
  deleteOne: () => User.deleteOne({ name: 'none' }),
  aggregate: () => User.aggregate([{ $match: {} }]),
  'aggregate().cursor()': () => {
    const cursor = User.aggregate([{ $match: {} }]).cursor();
    // biome-ignore lint/suspicious/noThenProperty: read when it is awaited, as a query is
    return { then: (resolve, reject) => cursor.next().then(resolve, reject) };
  },
  'find().cursor()': () => {
    const cursor = User.find().cursor();
    // biome-ignore lint/suspicious/noThenProperty: read when it is awaited, as a query is
    return { then: (resolve, reject) => cursor.next().then(resolve, reject) };
  },
  create: () => User.create({ name: 'x' }),
  insertMany: () => User.insertMany([{ name: 'x' }]),
  insertOne: () => User.insertOne({ name: 'x' }),
  bulkWrite: () => User.bulkWrite([{ insertOne: { document: { name: 'x' } } }]),
  bulkSave: () => User.bulkSave([new User({ name: 'x' })]),
  'new, save': () => new User({ name: 'x' }).save(),
  'a call, save': () => User({ name: 'x' }).save(),
  'hydrate, save': () => {
    const user = User.hydrate({ _id: new base.Types.ObjectId(), name: 'x' });
    return user.deleteOne();
  },
  'a method': () => new User({ name: 'x' }).twin(),
  populate: () => User.populate([{ friend: new base.Types.ObjectId() }], 'friend'),
  'populate of a document': () => new User({ friend: new base.Types.ObjectId() }).populate('friends'),
  'find().populate()': () => User.find().populate('friend friends'),
  collection: () => User.collection.findOne(),
  'db.collection': () => User.db.collection('users').findOne(),
  'db.db': () => User.db.db.command({ ping: 1 }),
  'db.model': () => User.db.model('User').findOne(),
  'db.listCollections': () => User.db.listCollections(),
  $model: () => new User().$model('User').findOne(),
  createCollection: () => User.createCollection(),
  createIndexes: () => User.createIndexes(),
  listIndexes: () => User.listIndexes(),
  syncIndexes: () => User.syncIndexes(),
  diffIndexes: () => User.diffIndexes(),
  transaction: () => wrapper.transaction(() => User.findOne()),
  'its own transaction': () => User.db.transaction((session) => User.findOne({}, null, { session })),
};

describe('every entry', () => {
  test.each(Object.entries(ENTRIES))('%s means the tenant of the context', async (_title, use) => {
    asked.length = 0;
    await wrapper.run(here, async () => use());
    const own = asked.filter((each) => each !== 'admin');
    expect([...new Set(own)]).toEqual([here]);
  });

  test.each(Object.entries(ENTRIES))('%s keeps it when it is awaited elsewhere', async (_title, use) => {
    // What a query, a cursor or a promise is made in counts, not where it is awaited.
    const made = wrapper.run(here, () => ({ use: use() }));
    asked.length = 0;
    await wrapper.run(elsewhere, async () => {
      await made.use;
    });
    expect(asked).not.toContain(elsewhere);
    expect(asked).not.toContain(name('default'));
  });

  test('watch', async () => {
    const stream = wrapper.run(here, () => User.watch());
    const seen = once(stream, 'change');
    await User.db(elsewhere).create({ name: 'not this' });
    await User.db(here).create({ name: 'this' });
    const [change] = await wrapper.run(elsewhere, () => seen);
    expect([change.ns.db, change.fullDocument.name]).toEqual([here, 'this']);
    await stream.close();
  });
});

describe('listeners', () => {
  test('of a change stream run for the tenant they were added in', async () => {
    const seen = new EventEmitter();
    const streams = [here, elsewhere].map((tenant) =>
      wrapper.run(tenant, () => {
        const stream = User.watch();
        stream.on('change', async () =>
          seen.emit('seen', wrapper.currentTenant(), (await User.findOne()).db.name),
        );
        return stream;
      }),
    );
    for (const tenant of [elsewhere, here]) {
      const heard = once(seen, 'seen');
      await User.db(tenant).create({ name: 'change' });
      expect(await heard).toEqual([tenant, tenant]);
    }
    await Promise.all(streams.map((stream) => stream.close()));
  });

  test('of streams and cursors run for the tenant that reads them', async () => {
    await User.db(here).insertMany(Array.from({ length: 300 }, (_, index) => ({ name: `n${index}` })));
    const found = [];
    await wrapper.run(here, () =>
      pipeline(
        User.find().batchSize(20).cursor(),
        new Transform({
          objectMode: true,
          async transform(user, _encoding, done) {
            await turn();
            found.push(wrapper.currentTenant(), user.db.name);
            done(null, `${await User.estimatedDocumentCount()}`);
          },
        }),
        async (lines) => {
          for await (const _line of lines) found.push(wrapper.currentTenant());
        },
      ),
    );
    expect(found.length).toBeGreaterThan(900);
    expect(new Set(found)).toEqual(new Set([here]));
    const events = await wrapper.run(here, async () => {
      const tenants = [];
      const cursor = User.find().limit(5).cursor();
      for (const event of ['data', 'end', 'close'])
        cursor.on(event, () => tenants.push(wrapper.currentTenant()));
      await once(cursor, 'close');
      return tenants;
    });
    expect(new Set(events)).toEqual(new Set([here]));
  });

  test('of a wrapper’s events are no tenant’s, whoever’s request brought them about', async () => {
    const other = createWrapper({ mongoURI: uri, handleSignals: false, sharePool: false });
    const Other = other.wrapModel(base.models.User);
    const tenants = [];
    other.on('connect', () => tenants.push(other.currentTenant()));
    other.on('error', () => tenants.push(other.currentTenant()));
    await other.run(name('event'), () => Other.findOne());
    await sleep(20);
    await other.run(name('event'), () => Other.db(name('event2')).findOne());
    await sleep(20);
    await other.forceCloseAll();
    expect(tenants.length).toBeGreaterThan(0);
    expect(new Set(tenants)).toEqual(new Set([undefined]));
  });
});

test('thousands of requests at once never see each other', async () => {
  const tenants = Array.from({ length: 20 }, (_, index) => name(`many${index}`));
  await Promise.all(tenants.map((tenant) => User.db(tenant).create({ name: tenant })));
  const shared = new EventEmitter().setMaxListeners(0);
  const mixed = [];
  const check = (tenant, where) => {
    if (wrapper.currentTenant() !== tenant) mixed.push([tenant, wrapper.currentTenant(), where]);
  };
  let reads = 0;
  const STEPS = [
    async (tenant, index) => {
      await sleep(index % 4);
      check(tenant, 'timer');
    },
    (tenant) =>
      new Promise((resolve) =>
        process.nextTick(() => {
          check(tenant, 'nextTick');
          queueMicrotask(() => setImmediate(() => resolve(check(tenant, 'immediate'))));
        }),
      ),
    (tenant, index) =>
      new Promise((resolve) => {
        const id = `own${index}`;
        shared.once(id, () => resolve(check(tenant, 'emitter')));
        setTimeout(() => shared.emit(id), 1);
      }),
    async (tenant) => {
      for await (const _chunk of Readable.from(['a', 'b']).pipe(
        new Transform({
          transform(chunk, _encoding, done) {
            check(tenant, 'transform');
            setImmediate(done, null, chunk);
          },
        }),
      ))
        check(tenant, 'stream');
    },
    async (tenant, index) => {
      const inner = tenants[(index * 11) % tenants.length];
      await wrapper.run(inner, async () => {
        await turn();
        check(inner, 'nested');
        const user = await User.findOne();
        if (user.name !== inner) mixed.push([inner, user.name, 'nested read']);
      });
      check(tenant, 'after nested');
    },
    async (tenant) => {
      reads++;
      const [user, other] = await Promise.all([User.findOne().lean(), User.db(tenants[0]).findOne().lean()]);
      if (user.name !== tenant) mixed.push([tenant, user.name, 'read']);
      if (other.name !== tenants[0]) mixed.push([tenants[0], other.name, 'named read']);
    },
    async (tenant) => {
      const failed = await wrapper
        .run({ timeoutMS: 5000 }, () => User.create({ friend: 'x' }))
        .catch((error) => error);
      if (!(failed instanceof mongoose.Error.ValidationError)) mixed.push([tenant, failed, 'failure']);
      check(tenant, 'after a failure');
    },
  ];
  const request = async (tenant, index) => {
    for (let step = 0; step < 4; step++) {
      await STEPS[(index + step * 3) % STEPS.length](tenant, index);
      check(tenant, 'await');
    }
  };
  await Promise.all(
    Array.from({ length: 2100 }, (_, index) => {
      const tenant = tenants[index % tenants.length];
      return wrapper.run(tenant, () => request(tenant, index));
    }),
  );
  expect(mixed).toEqual([]);
  expect(reads).toBeGreaterThan(500);
  expect(wrapper.currentTenant()).toBeUndefined();
}, 120_000);
