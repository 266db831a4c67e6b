'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { openTenants } = require('../support/tenants');
const { createWrapper } = require('../..');

const { base, wrapper, server, clear, close, name } = openTenants('context');
const raw = (tenant) => server.db(name(tenant)).collection('users');

let User;
let Wrapped;

beforeAll(async () => {
  await clear();
  User = base.model('User', new base.Schema({ name: String }));
  Wrapped = wrapper.wrapModel(User);
});

afterAll(close);

describe('run(name, fn)', () => {
  test('reaches every way of using the wrapped model', async () => {
    await wrapper.run(name('all'), async () => {
      expect(wrapper.currentTenant()).toBe(name('all'));
      const made = new Wrapped({ name: 'new' });
      await made.save();
      await Wrapped.collection.insertOne({ name: 'collection' });
      await Wrapped.db.collection('users').insertOne({ name: 'connection' });
      await Wrapped.insertMany([{ name: 'insertMany' }]);
      expect(Wrapped.hydrate({ _id: made._id, name: 'hydrated' }).db.name).toBe(name('all'));
      expect([made.db.name, Wrapped.db.name, Wrapped.namespace()]).toEqual([
        name('all'),
        name('all'),
        `${name('all')}.users`,
      ]);
      expect(await Wrapped.countDocuments()).toBe(4);
    });
    expect(wrapper.currentTenant()).toBeUndefined();
    expect(await raw('all').countDocuments()).toBe(4);
    expect(await raw('default').countDocuments()).toBe(0);
  });

  test('an explicit .db(x) wins', async () => {
    await wrapper.run(name('outer'), async () => {
      await Wrapped.db(name('explicit')).create({ name: 'x' });
      expect(Wrapped.db().db.name).toBe(name('default'));
    });
    expect([await raw('explicit').countDocuments(), await raw('outer').countDocuments()]).toEqual([1, 0]);
  });

  test('what was begun in a tenant stays there', async () => {
    const { query, doc, cursor } = await wrapper.run(name('born'), async () => {
      await Wrapped.create({ name: 'first' });
      return { query: Wrapped.find(), doc: new Wrapped({ name: 'later' }), cursor: Wrapped.find().cursor() };
    });
    await wrapper.run(name('elsewhere'), async () => {
      await doc.save();
      const found = await query;
      expect(found.map((each) => [each.name, each.db.name])).toEqual([
        ['first', name('born')],
        ['later', name('born')],
      ]);
      found[0].name = 'changed';
      await found[0].save();
      expect((await cursor.next()).db.name).toBe(name('born'));
      await cursor.close();
    });
    expect(await raw('elsewhere').countDocuments()).toBe(0);
    expect(await raw('born').countDocuments({ name: 'changed' })).toBe(1);
  });

  test('many at once do not mix', async () => {
    const tenants = Array.from({ length: 20 }, (_, index) => name(`many${index}`));
    await Promise.all(
      tenants.map((tenant) =>
        wrapper.run(tenant, async () => {
          for (let i = 0; i < 5; i++) {
            await sleep(Math.random() * 5);
            const made = await Wrapped.create({ name: tenant });
            expect(made.db.name).toBe(tenant);
          }
        }),
      ),
    );
    for (const tenant of tenants) {
      expect(await server.db(tenant).collection('users').countDocuments({ name: tenant })).toBe(5);
    }
  });

  test('runs inside each other add up, and wrappers do not see each other’s', async () => {
    const second = createWrapper({ mongoURI: process.env.POLYMONGO_TEST_URI, handleSignals: false });
    wrapper.run(name('a'), () => {
      second.run(name('b'), () => {
        expect([wrapper.currentTenant(), second.currentTenant()]).toEqual([name('a'), name('b')]);
        wrapper.run({ timeoutMS: 1000 }, () => expect(wrapper.currentTenant()).toBe(name('a')));
        wrapper.run(name('c'), () => expect(wrapper.currentTenant()).toBe(name('c')));
      });
      expect(second.currentTenant()).toBeUndefined();
    });
    await second.forceCloseAll();
  });

  test('the value and the failure of the function come back', async () => {
    expect(wrapper.run(name('a'), () => 7)).toBe(7);
    expect(() =>
      wrapper.run(name('a'), () => {
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
    await expect(wrapper.run(name('a'), async () => Promise.reject(new RangeError('mine')))).rejects.toThrow(
      RangeError,
    );
  });

  test.each([
    undefined,
    null,
    7,
    [],
    {},
    '',
    'a/b',
    { database: 'x' },
    { db: undefined },
    { timeoutMS: -1 },
    { timeoutMS: '5' },
    { session: {} },
  ])('run(%j) is refused before the function is called', (where) => {
    const fn = jest.fn();
    expect(() => wrapper.run(where, fn)).toThrow(expect.objectContaining({ name: 'PolyMongoError' }));
    expect(fn).not.toHaveBeenCalled();
  });
});

describe('run({ session })', () => {
  test('gives the session to every operation that names none', async () => {
    const tenant = name('session');
    const Tenant = Wrapped.db(tenant);
    await Tenant.create({ name: 'before' });
    const session = await Tenant.startSession();
    session.startTransaction();
    await wrapper.run({ db: tenant, session }, async () => {
      await Wrapped.create({ name: 'save' });
      await Wrapped.insertMany([{ name: 'insertMany' }]);
      await Wrapped.updateOne({ name: 'before' }, { name: 'updated' });
      await Wrapped.bulkWrite([{ insertOne: { document: { name: 'bulk' } } }]);
      await Wrapped.collection.insertOne({ name: 'raw' });
      expect(await Wrapped.countDocuments()).toBe(5);
      expect(await Wrapped.find({ name: 'save' })).toHaveLength(1);
      expect(await Wrapped.distinct('name')).toHaveLength(5);
      expect(await Wrapped.aggregate([{ $match: {} }])).toHaveLength(5);
      expect(await Wrapped.countDocuments({}, { session: null })).toBe(1);
    });
    expect(await raw('session').countDocuments()).toBe(1);
    await session.abortTransaction();
    await session.endSession();
    expect(await raw('session').find().project({ _id: 0, name: 1 }).toArray()).toEqual([{ name: 'before' }]);
  });

  test('implicitSession does it for transaction()', async () => {
    const implicit = createWrapper({
      mongoURI: process.env.POLYMONGO_TEST_URI,
      handleSignals: false,
      implicitSession: true,
    });
    const Implicit = implicit.wrapModel(User);
    const Tenant = Implicit.db(name('implicit'));
    await expect(
      implicit.transaction(async () => {
        await Tenant.create({ name: 'a' });
        await Tenant.create({ name: 'b' });
        expect(await Tenant.countDocuments()).toBe(2);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await raw('implicit').countDocuments()).toBe(0);
    await implicit.forceCloseAll();
  });

  test('leaves out what is no part of a transaction', async () => {
    const tenant = name('outside');
    const Tenant = Wrapped.db(tenant);
    const session = await Tenant.startSession();
    session.startTransaction();
    const stream = await wrapper.run({ db: tenant, session }, async () => {
      await Wrapped.create({ name: 'a' });
      expect(await Tenant.db.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
      expect((await Tenant.db.listCollections()).map((each) => each.name)).toContain('users');
      expect(await Wrapped.estimatedDocumentCount()).toEqual(expect.any(Number));
      await Tenant.db.createCollection('others');
      const made = Wrapped.watch();
      made.on('change', () => {});
      return made;
    });
    await session.abortTransaction();
    await session.endSession();
    await stream.close();
    expect(await raw('outside').countDocuments()).toBe(0);
  });

  test('Mongoose’s own transactionAsyncLocalStorage does it as well', async () => {
    base.set('transactionAsyncLocalStorage', true);
    const Tenant = Wrapped.db(name('als'));
    try {
      await expect(
        wrapper.transaction(async () => {
          await Tenant.create({ name: 'a' });
          expect(await Tenant.countDocuments()).toBe(1);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
    } finally {
      base.set('transactionAsyncLocalStorage', false);
    }
    expect(await raw('als').countDocuments()).toBe(0);
  });

  test('work that outlives its transaction is refused, not run outside it', async () => {
    const Tenant = Wrapped.db(name('late'));
    const session = await Tenant.startSession();
    await Tenant.init();
    const late = await wrapper.run({ session }, async () => {
      await session.withTransaction(() => Tenant.create({ name: 'in time' }));
      await session.endSession();
      return { write: Tenant.create({ name: 'late' }).catch((error) => error) };
    });
    expect(await late.write).toMatchObject({ name: 'MongoExpiredSessionError' });
    expect(await raw('late').countDocuments()).toBe(1);
  });

  test('timeoutMS is the deadline of every operation', async () => {
    const slow = { $where: 'sleep(200) || true' };
    await Wrapped.db(name('slow')).create({ name: 'a' });
    await expect(
      wrapper.run({ db: name('slow'), timeoutMS: 50 }, () => Wrapped.find(slow).exec()),
    ).rejects.toThrow(expect.objectContaining({ name: 'MongoOperationTimeoutError' }));
  });
});

describe('requireTenant', () => {
  let strict;
  let Strict;

  beforeAll(() => {
    strict = createWrapper({
      mongoURI: process.env.POLYMONGO_TEST_URI,
      handleSignals: false,
      requireTenant: true,
    });
    Strict = strict.wrapModel(User);
  });

  afterAll(() => strict.forceCloseAll());

  const refused = expect.objectContaining({ code: 'TENANT_REQUIRED' });

  test.each([
    ['find', () => Strict.find()],
    ['create', () => Strict.create({ name: 'x' })],
    ['new', () => new Strict({ name: 'x' })],
    ['a call', () => Strict({ name: 'x' })],
    ['aggregate', () => Strict.aggregate([])],
    ['hydrate', () => Strict.hydrate({})],
    ['watch', () => Strict.watch()],
    ['init', () => Strict.init()],
    ['collection', () => Strict.collection],
    ['the collection of the connection', () => Strict.db.collection('users')],
    ['the database of the connection', () => Strict.db.db],
    ['a model of the connection', () => Strict.db.model('User')],
    ['where', () => Strict.where('name').equals('x')],
  ])('refuses %s without a tenant', (_title, use) => {
    expect(use).toThrow(refused);
  });

  test('lets through what needs no tenant', async () => {
    expect(Strict.modelName).toBe('User');
    expect(Strict.schema).toBe(User.schema);
    expect(Strict.castObject({ name: 7 })).toEqual({ name: '7' });
    const session = await Strict.startSession();
    await session.endSession();
    await (await Strict.db.startSession()).endSession();
    expect(() => require('node:util').inspect(Strict)).not.toThrow();
    expect(() => require('node:util').inspect(Strict.db)).not.toThrow();
  });

  test('is content with a context or a name', async () => {
    await strict.run(name('strict'), () => Strict.create({ name: 'in context' }));
    await Strict.db(name('strict')).create({ name: 'by name' });
    expect(await raw('strict').countDocuments()).toBe(2);
  });
});
