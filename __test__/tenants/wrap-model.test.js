'use strict';

const { mongoose, openTenants } = require('../support/tenants');
const { createWrapper, PolyMongoError } = require('../..');

const { base, wrapper, server, clear, close, name } = openTenants('wrap');

let User;
let Wrapped;

beforeAll(async () => {
  await clear();
  User = base.model('User', new base.Schema({ name: String, age: Number }));
  Wrapped = wrapper.wrapModel(User);
});

afterAll(close);

describe('identity', () => {
  test('one wrapped model per wrapper and model', () => {
    const second = createWrapper({ mongoURI: process.env.POLYMONGO_TEST_URI, handleSignals: false });
    expect(wrapper.wrapModel(User)).toBe(Wrapped);
    expect(second.wrapModel(User)).not.toBe(Wrapped);
    expect(second.wrapModel(Wrapped)).toBe(second.wrapModel(User));
  });

  test('a wrapped model and a tenant model wrap to the same', () => {
    expect(wrapper.wrapModel(Wrapped)).toBe(Wrapped);
    expect(wrapper.wrapModel(Wrapped.db(name('a')))).toBe(Wrapped);
  });

  test('a tenant model is the same object every time, from wherever it is asked for', () => {
    const tenant = Wrapped.db(name('a'));
    expect(Wrapped.db(name('a'))).toBe(tenant);
    expect(Wrapped.db(name('b')).db(name('a'))).toBe(tenant);
    expect(wrapper.adv.getConnection(name('a')).model('User')).toBe(tenant);
  });

  test('members are stable', () => {
    expect(Wrapped.find).toBe(Wrapped.find);
    expect(Wrapped.db).toBe(Wrapped.db);
    expect(Wrapped.modelName).toBe('User');
    expect(Wrapped.schema).toBe(User.schema);
    expect(String(Wrapped)).toBe(String(User));
    expect('find' in Wrapped && 'db' in Wrapped && 'collection' in Wrapped).toBe(true);
  });

  test('two models of one name, made on two connections, are kept apart', async () => {
    const source = base.createConnection();
    const Namesake = source.model('User', new base.Schema({ title: String }), 'namesakes');
    const WrappedNamesake = wrapper.wrapModel(Namesake);
    const tenant = name('namesakes');
    await Wrapped.db(tenant).create({ name: 'u' });
    await WrappedNamesake.db(tenant).create({ title: 't' });
    expect(WrappedNamesake.db(tenant)).toBe(WrappedNamesake.db(tenant));
    expect(Wrapped.db(tenant)).toBe(Wrapped.db(tenant));
    expect(await server.db(tenant).collection('namesakes').countDocuments({ title: 't' })).toBe(1);
    expect(await server.db(tenant).collection('users').countDocuments({ name: 'u' })).toBe(1);
  });

  test('a model that is defined anew takes the name over', async () => {
    const First = wrapper.wrapModel(base.model('Again', new base.Schema({ a: Number })));
    const first = First.db(name('again'));
    base.deleteModel('Again');
    const Second = wrapper.wrapModel(base.model('Again', new base.Schema({ b: Number })));
    const second = Second.db(name('again'));
    expect(Second).not.toBe(First);
    expect(second.schema.path('b')).toBeDefined();
    expect(wrapper.adv.getConnection(name('again')).model('Again')).toBe(second);
    expect([First.db(name('again')), Second.db(name('again'))]).toEqual([first, second]);
  });

  test('a model compiled on the tenant’s own connection keeps its name there', () => {
    const connection = wrapper.adv.getConnection(name('compiled'));
    const Compiled = connection.model('User', new base.Schema({ other: Number }, { autoCreate: false }));
    const bound = Wrapped.db(name('compiled'));
    expect(connection.model('User')).toBe(Compiled);
    expect(bound).not.toBe(Compiled);
    expect(Wrapped.db(name('compiled'))).toBe(bound);
  });

  test('names that objects have anyway are ordinary names', async () => {
    for (const tenant of ['constructor', '__proto__', 'hasOwnProperty', 'toString']) {
      const model = Wrapped.db(tenant);
      expect(model.db.name).toBe(tenant);
      expect(Wrapped.db(tenant)).toBe(model);
      expect(await model.countDocuments()).toBe(0);
    }
  });

  test('an explicit collection name is kept', async () => {
    const Explicit = wrapper.wrapModel(base.model('Explicit', new base.Schema({ n: Number }), 'my_things'));
    await Explicit.db(name('explicit')).create({ n: 1 });
    expect(Explicit.db(name('explicit')).collection.name).toBe('my_things');
    expect(await server.db(name('explicit')).collection('my_things').countDocuments()).toBe(1);
  });
});

describe('the wrapped model itself', () => {
  test('means the default database', async () => {
    const made = await Wrapped.create({ name: 'default' });
    expect(made.db.name).toBe(name('default'));
    expect(made).toBeInstanceOf(User);
    expect(made).toBeInstanceOf(Wrapped);
    expect(await server.db(name('default')).collection('users').countDocuments({ name: 'default' })).toBe(1);
    expect(Wrapped.db()).toBe(made.constructor);
    expect(Wrapped.collection).toBe(made.collection);
    expect(Wrapped.namespace()).toBe(`${name('default')}.users`);
  });

  test('the user’s model is not changed', () => {
    expect(User.db).toBe(base.connection);
    expect(typeof User.db).toBe('object');
    expect(base.models.User).toBe(User);
    expect(Object.getOwnPropertyNames(User)).not.toContain('find');
  });

  test('statics put on it by hand reach every tenant, and not the original', () => {
    Wrapped.shout = function () {
      return `${this.db.name}!`;
    };
    Wrapped.prototype.greet = function () {
      return `hello ${this.name}`;
    };
    expect(Wrapped.db(name('a')).shout()).toBe(`${name('a')}!`);
    expect(Wrapped.shout()).toBe(`${name('default')}!`);
    expect(new (Wrapped.db(name('a')))({ name: 'x' }).greet()).toBe('hello x');
    expect([User.shout, User.prototype.greet]).toEqual([undefined, undefined]);
  });

  test('a discriminator made on it belongs to all tenants', async () => {
    const Shape = wrapper.wrapModel(
      base.model('Shape', new base.Schema({ name: String }, { discriminatorKey: 'kind' })),
    );
    const Circle = Shape.discriminator('Circle', new base.Schema({ radius: Number }));
    expect(Circle).toBe(wrapper.wrapModel(base.models.Circle));
    expect(Shape.discriminators.Circle).toBe(Circle);
    const made = await Circle.db(name('shapes')).create({ name: 'c', radius: 2 });
    expect(made.db.name).toBe(name('shapes'));
    const found = await Shape.db(name('shapes')).findOne();
    expect([found.radius, found.constructor]).toEqual([2, Circle.db(name('shapes'))]);
    const Square = Shape.db(name('shapes')).discriminator('Square', new base.Schema({ side: Number }));
    expect(Square.db.name).toBe(name('shapes'));
    expect(new (Shape.db(name('other')))({ kind: 'Square', side: 1 }).side).toBe(1);
  });

  test('inherited names of objects are no discriminators', () => {
    const Kind = wrapper.wrapModel(
      base.model('Kind', new base.Schema({ n: Number }, { discriminatorKey: 'kind' })),
    );
    Kind.discriminator('Only', new base.Schema({}));
    expect(new (Kind.db(name('a')))({ n: 1 }).n).toBe(1);
    for (const kind of ['constructor', '__proto__', 'toString']) {
      expect(new (Kind.db(name('a')))({ n: 1, kind }).n).toBe(1);
    }
  });

  test('listeners on it hear its tenants', async () => {
    const heard = [];
    expect(Wrapped.on('isNew', () => heard.push('isNew'))).toBe(Wrapped);
    await Wrapped.db(name('a')).create({ name: 'heard' });
    expect(heard.length).toBeGreaterThan(0);
    Wrapped.removeAllListeners('isNew');
    expect(Wrapped.listenerCount('isNew')).toBe(0);
  });

  test('insertMany and create keep to one tenant', async () => {
    await wrapper.run(name('many'), async () => {
      const [first] = await Wrapped.insertMany([{ name: 'a' }, { name: 'b' }]);
      expect(first.db.name).toBe(name('many'));
    });
    expect(await server.db(name('many')).collection('users').countDocuments()).toBe(2);
  });
});

describe('.db(name)', () => {
  test('rejects what is no name', () => {
    for (const bad of ['', 'a/b', 'a.b', 'x'.repeat(64), 7, {}, 'tenant_undefined', 'admin']) {
      expect(() => Wrapped.db(bad)).toThrow(
        expect.objectContaining({ code: 'INVALID_DATABASE_NAME', status: 400 }),
      );
    }
  });

  test('without a name it is the default database, and undefined and null warn once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(Wrapped.db()).toBe(Wrapped.db(name('default')));
    expect(Wrapped.db(undefined)).toBe(Wrapped.db());
    expect(Wrapped.db(null)).toBe(Wrapped.db());
    Wrapped.db(undefined);
    expect(warn.mock.calls.map(([, { code }]) => code)).toEqual(Array(2).fill('POLYMONGO_NO_DATABASE_NAME'));
    warn.mockRestore();
  });

  test('a missing name is an error where databases are restricted', () => {
    for (const options of [{ requireTenant: true }, { allowDatabase: /^wrap_/ }]) {
      const strict = createWrapper({
        mongoURI: process.env.POLYMONGO_TEST_URI,
        handleSignals: false,
        ...options,
      });
      const Strict = strict.wrapModel(User);
      expect(() => Strict.db(undefined)).toThrow(PolyMongoError);
      expect(() => Strict.db(null)).toThrow(PolyMongoError);
      expect(Strict.db(name('a')).db.name).toBe(name('a'));
    }
  });

  test('allowDatabase may change its mind', () => {
    const allowed = new Set([name('a')]);
    const strict = createWrapper({
      mongoURI: process.env.POLYMONGO_TEST_URI,
      handleSignals: false,
      allowDatabase: (each) => allowed.has(each),
    });
    const Strict = strict.wrapModel(User);
    Strict.db(name('a'));
    allowed.clear();
    expect(() => Strict.db(name('a'))).toThrow(expect.objectContaining({ code: 'INVALID_DATABASE_NAME' }));
  });
});

describe('bad input', () => {
  test.each([undefined, null, {}, 'User', () => {}, class {}])('wrapModel(%p) is refused', (value) => {
    expect(() => wrapper.wrapModel(value)).toThrow(
      expect.objectContaining({
        code: 'INVALID_MODEL',
        message: expect.stringMatching(/^Invalid model provided to wrapModel/),
      }),
    );
  });

  test('a model with encrypted fields is refused: they would be stored as they are', () => {
    const schema = new base.Schema(
      {
        ssn: {
          type: String,
          encrypt: {
            keyId: [new mongoose.Types.UUID()],
            algorithm: 'AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic',
          },
        },
      },
      { encryptionType: 'csfle' },
    );
    const Secret = base.model('Secret', schema);
    expect(() => wrapper.wrapModel(Secret)).toThrow(
      expect.objectContaining({ code: 'ENCRYPTION_UNSUPPORTED' }),
    );
  });
});

test('a session in the place of the projection is used as an option, with one warning', async () => {
  const Tenant = Wrapped.db(name('session'));
  await Tenant.create({ name: 'outside' });
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const session = await Tenant.startSession();
  await session.withTransaction(async () => {
    await Tenant.create([{ name: 'inside' }], { session });
    expect(await Tenant.find({}, { session })).toHaveLength(2);
    expect(await Tenant.findOne({ name: 'inside' }, { session })).not.toBeNull();
    expect(await Tenant.find({}, null, {})).toHaveLength(1);
    await session.abortTransaction();
  });
  await session.endSession();
  expect(warn.mock.calls.map(([, { code }]) => code)).toEqual(['POLYMONGO_SESSION_AS_PROJECTION']);
  warn.mockRestore();
  expect(await Tenant.countDocuments()).toBe(1);
});

test('a projection of a field called session stays one', async () => {
  const Visit = wrapper.wrapModel(base.model('Visit', new base.Schema({ session: String, other: String })));
  await Visit.db(name('visits')).create({ session: 's', other: 'o' });
  const found = await Visit.db(name('visits')).findOne({}, { session: 1 }).lean();
  expect(Object.keys(found).sort()).toEqual(['_id', 'session']);
});
