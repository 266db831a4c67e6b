'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const fc = require('fast-check');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');
const { arbitraryDocuments } = require('../reply/support/arbitrary-documents');
const { openTenants } = require('../support/tenants');
const { PolyMongoError, createWrapper } = require('../..');

const { base, wrapper, server, clear, close, name, uri } = {
  ...openTenants('json'),
  uri: process.env.POLYMONGO_TEST_URI,
};
const { BSON } = base.mongo;

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_122;
const runs = Number(process.env.POLYMONGO_RUNS) || 100;

const schema = () =>
  new base.Schema(
    { name: String, size: Number, secret: { type: String, select: false }, tags: [String] },
    { strict: false },
  );

let User;
let users;

beforeAll(async () => {
  await clear();
  User = wrapper.wrapModel(base.model('User', schema()));
  users = server.db(name('default')).collection('users');
  await users.insertMany(
    Array.from({ length: 250 }, (_, size) => ({
      name: `user ${size}`,
      size,
      secret: 'no',
      tags: ['a', 'é"'],
      __v: 0,
    })),
  );
});

afterAll(close);

/** What the same query gives as objects. */
async function expectSame(make) {
  const query = make();
  query.lean?.();
  const expected = JSON.stringify(await query);
  const actual = await wrapper.json(make());
  expect(Buffer.isBuffer(actual)).toBe(true);
  expect(actual.toString()).toBe(expected);
  return actual;
}

const refused = (code) => expect.objectContaining({ name: 'PolyMongoError', code });

/** The commands that a function makes the server see. */
async function commandsOf(fn) {
  const watched = createWrapper({
    mongoURI: uri,
    defaultDB: name('default'),
    handleSignals: false,
    monitorCommands: true,
    sharePool: false,
  });
  const seen = [];
  const model = watched.wrapModel(base.model('User'));
  await model.findOne();
  const { client } = model.db;
  client.on('commandStarted', ({ commandName, command }) =>
    seen.push([commandName, command.batchSize ?? null]),
  );
  await fn(watched, model);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await watched.closeAll();
  return seen.filter(([command]) => command !== 'endSessions');
}

describe('json()', () => {
  test('equals JSON.stringify of the lean result', async () => {
    await expectSame(() => User.find());
    await expectSame(() =>
      User.find({ size: { $gt: 240 } })
        .sort({ size: -1 })
        .select('name tags'),
    );
    await expectSame(() => User.find({ size: -1 }));
    await expectSame(() => User.find().batchSize(7).limit(50));
    await expectSame(() => User.find().select('+secret').limit(3));
    await expectSame(() => User.find().limit(2).batchSize(1));
    await expectSame(() => User.findOne({ size: 3 }));
    await expectSame(() => User.findOne({ size: -1 }));
    await expectSame(() =>
      User.findOne({ size: 3 }, null, { explain: 'queryPlanner' })
        .select('name')
        .transform(() => 1),
    );
    await expectSame(() => User.aggregate([{ $group: { _id: null, n: { $sum: '$size' } } }]));
    await expectSame(() => User.aggregate([{ $sort: { size: 1 } }]).option({ batchSize: 10 }));
    await expectSame(() => User.countDocuments({ size: { $lt: 5 } }));
    await expectSame(() => User.estimatedDocumentCount());
    await expectSame(() => User.distinct('size'));
    await expectSame(() =>
      User.findOneAndUpdate({ size: 4 }, { $set: { name: 'renamed' } }, { returnDocument: 'after' }),
    );
    await expectSame(() => User.findOneAndUpdate({ size: -4 }, { $set: { name: 'renamed' } }));
  });

  test(`any documents of any types (POLYMONGO_SEED=${seed})`, async () => {
    const Any = wrapper.wrapModel(
      base.model('Any', new base.Schema({}, { strict: false, collection: 'any' })),
    );
    const any = server.db(name('default')).collection('any');
    const without = (documents) =>
      documents.map((document) => {
        const entries = Object.entries(document).filter(([key]) => key !== '_id' && !key.startsWith('$'));
        return Object.fromEntries(entries);
      });
    await fc.assert(
      fc.asyncProperty(arbitraryDocuments(BSON), async (documents) => {
        await any.deleteMany({});
        await any.insertMany(without(documents));
        await expectSame(() => Any.find().sort({ _id: 1 }));
        await expectSame(() => Any.findOne());
      }),
      { seed, numRuns: Math.min(runs, 60) },
    );
  }, 120_000);

  test('of every option of BSON', async () => {
    const Odd = base.model('Odd', new base.Schema({}, { strict: false, collection: 'odd' }));
    const document = {
      long: BSON.Long.fromBigInt(2n ** 60n),
      small: BSON.Long.fromNumber(5),
      bytes: Buffer.from('abc'),
      pattern: /a/i,
      inner: { a: 1 },
    };
    await server.db(name('default')).collection('odd').insertOne(document);
    const Model = wrapper.wrapModel(Odd);
    for (const options of [
      { promoteLongs: false },
      { promoteValues: false },
      { promoteBuffers: true },
      { bsonRegExp: true },
      { raw: true },
      { fieldsAsRaw: { inner: true } },
    ]) {
      await expectSame(() => Model.find().setOptions(options));
      await expectSame(() => Model.findOne().setOptions(options));
      await expectSame(() => Model.aggregate([{ $match: {} }]).option(options));
    }
    await expect(wrapper.json(Model.find().setOptions({ useBigInt64: true }))).rejects.toThrow(TypeError);
  });

  test('of a toJSON that the application has changed', async () => {
    const { prototype } = BSON.ObjectId;
    const { toJSON } = prototype;
    await expectSame(() => User.find().limit(2));
    prototype.toJSON = function () {
      return { id: this.toHexString() };
    };
    try {
      const changed = await expectSame(() => User.find().limit(2));
      expect(changed.toString()).toContain('{"_id":{"id":"');
    } finally {
      prototype.toJSON = toJSON;
    }
    await expectSame(() => User.find().limit(2));
  });

  test('of a document that cannot be read fails as the query does, and leaves no cursor open', async () => {
    const Broken = wrapper.wrapModel(
      base.model('Broken', new base.Schema({ _id: Number, text: String }, { collection: 'broken' })),
    );
    const documents = Array.from({ length: 20 }, (_, _id) => ({ _id, text: 'text' }));
    const command = Buffer.from(BSON.serialize({ insert: 'broken', documents }));
    command.writeUInt16LE(0xfffe, command.lastIndexOf('text'));
    const engine = new Engine(uri, {});
    await engine.command(name('default'), command, { codec: codecOf(base.mongo), write: true });
    await engine.close();
    const broken = () =>
      Broken.find({ _id: { $gt: 14 } })
        .batchSize(5)
        .sort({ _id: -1 });
    for (const read of [
      () => broken().lean(),
      () => Broken.findOne({ _id: 19 }).lean(),
      () => Broken.findOneAndUpdate({ _id: 19 }, { $inc: { __v: 1 } }).lean(),
      () => wrapper.json(broken()),
      () => wrapper.json(broken().batchSize(2)),
      () => wrapper.json(Broken.findOne({ _id: 19 })),
      async () => {
        for await (const chunk of wrapper.jsonStream(broken().batchSize(2))) expect(chunk).toBeDefined();
      },
    ]) {
      await expect(read()).rejects.toThrow('Invalid UTF-8 string in BSON document');
      expect(Broken.db.client.s.engine.stats().openCursors).toBe(0);
    }
    const before = await Broken.find({ _id: { $lt: 19 } })
      .sort('_id')
      .lean();
    const lines = before.map((document) => `${JSON.stringify(document)}\n`).join('');
    for (const [format, expected] of [
      ['ndjson', lines],
      ['array', JSON.stringify(before).slice(0, -1)],
    ]) {
      for (const batchSize of [3, 1000]) {
        let text = '';
        const reading = async () => {
          const ascending = Broken.find().sort('_id');
          for await (const chunk of wrapper.jsonStream(ascending, { format, batchSize })) text += chunk;
        };
        await expect(reading()).rejects.toThrow('Invalid UTF-8 string in BSON document');
        expect(text).toBe(expected);
        expect(Broken.db.client.s.engine.stats().openCursors).toBe(0);
      }
    }
    const lossy = () => broken().setOptions({ enableUtf8Validation: false });
    await expectSame(lossy);
  });

  test('that no Buffer or no string can hold is refused, and leaves no cursor open', async () => {
    const file = path.join(__dirname, 'children', 'json-too-large.js');
    const { stdout } = await promisify(execFile)(process.execPath, [file, name('large')]);
    const refusal = [
      'PolyMongoError',
      'JSON_TOO_LARGE',
      'The result of json() is larger than the 1000 bytes that a Buffer holds; use jsonStream(), or ask for less',
    ];
    expect(JSON.parse(stdout)).toEqual({
      'in the middle': [refusal, 0],
      'at the end': [refusal, 0],
      fits: [12, 0],
    });
    const { prototype } = base.mongo.ObjectId;
    const { toJSON } = prototype;
    let length = 1;
    prototype.toJSON = () => 'x'.repeat(length);
    try {
      // From now on it is known that JavaScript has to write them.
      await expectSame(() => User.find().limit(1));
      length = 2 ** 30;
      await expect(wrapper.json(User.find().limit(1))).rejects.toMatchObject({
        code: 'JSON_TOO_LARGE',
        message: expect.stringContaining('jsonStream()'),
        cause: expect.objectContaining({ name: 'RangeError' }),
      });
    } finally {
      prototype.toJSON = toJSON;
    }
  });

  test('runs what comes before a query', async () => {
    const hooked = schema();
    const ran = [];
    hooked.pre('find', function () {
      ran.push('pre find', this.mongooseOptions().lean);
      this.where({ size: { $lt: 3 } });
    });
    hooked.pre('aggregate', function () {
      ran.push('pre aggregate');
      this.pipeline().unshift({ $match: { size: 1 } });
    });
    hooked.post('find', () => ran.push('post find'));
    hooked.post('find', function (docs) {
      if (this.mongooseOptions().lean.virtuals) Object.keys(docs[0]);
      ran.push(docs.length);
    });
    const Hooked = wrapper.wrapModel(base.model('Hooked', hooked, 'users'));
    expect(JSON.parse(await wrapper.json(Hooked.find()))).toHaveLength(3);
    expect(ran).toEqual(['pre find', true, 'post find', 3]);
    expect(JSON.parse(await wrapper.json(Hooked.aggregate([{ $project: { size: 1 } }])))).toEqual([
      { _id: expect.any(String), size: 1 },
    ]);
    await expect(wrapper.json(Hooked.find().lean({ virtuals: true }))).rejects.toEqual(
      refused('JSON_NEEDS_DOCUMENTS'),
    );
  });

  test('a hook that gives a result of its own', async () => {
    const cached = schema();
    cached.pre('find', () => {
      throw base.skipMiddlewareFunction([{ cached: 1 }]);
    });
    const Cached = wrapper.wrapModel(base.model('Cached', cached, 'users'));
    expect((await wrapper.json(Cached.find())).toString()).toBe('[{"cached":1}]');
  });

  test('refuses what needs documents, and says so', async () => {
    const needs = refused('JSON_NEEDS_DOCUMENTS');
    const reading = schema();
    reading.post('find', (docs) => {
      for (const doc of docs) doc.seen = true;
    });
    reading.post('findOne', (doc) => {
      try {
        doc.seen = true;
      } catch {
        // As hooks are.
      }
    });
    reading.post('aggregate', (docs) => docs.reverse());
    const Reading = wrapper.wrapModel(base.model('Reading', reading, 'users'));
    await expect(wrapper.json(Reading.find())).rejects.toEqual(needs);
    await expect(wrapper.json(Reading.findOne())).rejects.toEqual(needs);
    await expect(wrapper.json(Reading.aggregate([{ $match: {} }]))).rejects.toEqual(needs);
    await expect(wrapper.json(User.find().populate('friend'))).rejects.toEqual(needs);
    await expect(wrapper.json(User.find().transform((docs) => docs.map((doc) => doc.name)))).rejects.toEqual(
      needs,
    );
    await expect(wrapper.json(User.find().lean({ transform: (doc) => delete doc._id }))).rejects.toEqual(
      needs,
    );
    await expect(wrapper.json(User.find().lean({ versionKey: false }))).rejects.toEqual(needs);
    // What does not look into documents holds.
    expect((await wrapper.json(User.find().transform((docs) => docs.length))).toString()).toBe('250');
    await expect(wrapper.json(User.findOne({ size: -1 }).orFail())).rejects.toThrow(
      base.Error.DocumentNotFoundError,
    );
    await expect(wrapper.json(User.find({ size: -1 }).orFail())).rejects.toThrow(
      base.Error.DocumentNotFoundError,
    );
    await expectSame(() => User.findOne({ size: 1 }).orFail());
    await expectSame(() => User.find().orFail());
  });

  test('refuses what is no query of the wrapper', async () => {
    const invalid = refused('INVALID_QUERY');
    for (const given of [null, undefined, {}, [], 'User', User, Promise.resolve(), () => {}, new User()]) {
      await expect(wrapper.json(given)).rejects.toEqual(invalid);
    }
    await expect(wrapper.json(base.model('User').find())).rejects.toEqual(invalid);
    const other = createWrapper({
      mongoURI: uri,
      defaultDB: name('default'),
      handleSignals: false,
      sharePool: false,
    });
    await expect(wrapper.json(other.wrapModel(base.model('User')).find())).rejects.toEqual(invalid);
    await other.closeAll();
    await expect(wrapper.json(User.updateOne({}, { $set: { size: 1 } }))).rejects.toEqual(invalid);
    await expect(wrapper.json(User.aggregate([{ $match: {} }]).cursor())).rejects.toEqual(invalid);
    await expect(wrapper.json(User.find().tailable())).rejects.toEqual(invalid);
    expect(() => wrapper.jsonStream(User.findOne())).toThrow(PolyMongoError);
    expect(await users.countDocuments({ size: 1 })).toBe(1);
  });

  test('leaves the query as queries are', async () => {
    const query = User.find({ size: 1 });
    const text = await wrapper.json(query);
    await expect(wrapper.json(query)).rejects.toThrow('already executed');
    expect(JSON.stringify(await query.clone())).toBe(text.toString());
  });

  test('holds tenants, sessions, deadlines and signals', async () => {
    const Tenant = User.db(name('other'));
    await Tenant.create({ name: 'there', size: 1 });
    expect(JSON.parse(await wrapper.json(Tenant.find()))).toMatchObject([{ name: 'there' }]);
    await wrapper.run(name('other'), async () => {
      expect(JSON.parse(await wrapper.json(User.findOne()))).toMatchObject({ name: 'there' });
    });
    await wrapper.transaction(async (session) => {
      await Tenant.create([{ name: 'inside', size: 2 }], { session });
      expect(JSON.parse(await wrapper.json(Tenant.find().session(session)))).toHaveLength(2);
      expect(JSON.parse(await wrapper.json(Tenant.find().session(session).batchSize(1)))).toHaveLength(2);
      expect(JSON.parse(await wrapper.json(Tenant.find()))).toHaveLength(1);
      const streamed = [];
      for await (const chunk of wrapper.jsonStream(Tenant.find().session(session), { batchSize: 1 }))
        streamed.push(chunk);
      expect(JSON.parse(Buffer.concat(streamed))).toHaveLength(2);
    });
    const slow = { $where: 'sleep(200) || true' };
    await expect(wrapper.json(User.find(slow).maxTimeMS(50))).rejects.toMatchObject({ code: 50 });
    await expect(wrapper.json(User.find(slow).setOptions({ timeoutMS: 50 }))).rejects.toThrow();
    const controller = new AbortController();
    const aborted = wrapper.json(User.find(slow).setOptions({ signal: controller.signal }));
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(wrapper.json(User.find({ $bad: 1 }))).rejects.toThrow(base.mongo.MongoServerError);
  });

  test('asks the server what the query itself asks', async () => {
    const asked = (how) =>
      commandsOf(async (watched, model) => {
        for (const query of [
          model.find(),
          model.find().batchSize(100),
          model.findOne(),
          model.find().limit(5),
        ]) {
          await how(watched, query.lean());
        }
      });
    const expected = await asked((_watched, query) => query);
    expect(await asked((watched, query) => watched.json(query))).toEqual(expected);
    expect(expected).toHaveLength(7);
  });

  test('is printed as a word by debug', async () => {
    const printed = [];
    const Printed = wrapper.wrapModel(base.model('User'));
    base.set('debug', (collection, method, ...args) => printed.push([collection, method, args.length]));
    try {
      await wrapper.json(Printed.find().limit(1));
    } finally {
      base.set('debug', false);
    }
    expect(printed).toEqual([['users', 'find', 2]]);
  });
});

describe('jsonStream()', () => {
  const all = async (stream) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  test('gives the same text as json(), or lines', async () => {
    for (const make of [
      () => User.find(),
      () => User.find().batchSize(7),
      () => User.find({ size: -1 }),
      () => User.find({ size: 1 }),
      () => User.aggregate([{ $match: { size: { $gt: 100 } } }]),
    ]) {
      const expected = (await wrapper.json(make())).toString();
      expect(await all(wrapper.jsonStream(make()))).toBe(expected);
      expect(
        await all(wrapper.jsonStream(make(), { format: 'array', batchSize: 20, highWaterMark: 100 })),
      ).toBe(expected);
      const lines = JSON.parse(expected).map((document) => `${JSON.stringify(document)}\n`);
      expect(await all(wrapper.jsonStream(make(), { format: 'ndjson' }))).toBe(lines.join(''));
    }
  });

  test('of documents that JavaScript has to stringify', async () => {
    const plain = createWrapper({
      mongoURI: uri,
      defaultDB: name('default'),
      handleSignals: false,
      sharePool: false,
      promoteLongs: false,
    });
    const Plain = plain.wrapModel(base.model('User'));
    const expected = JSON.stringify(await Plain.find().lean());
    expect(await all(plain.jsonStream(Plain.find().batchSize(50)))).toBe(expected);
    expect((await all(plain.jsonStream(Plain.find(), { format: 'ndjson' }))).split('\n')).toHaveLength(251);
    await plain.closeAll();
  });

  test('starts when it is read, in the context that it was made in', async () => {
    let stream;
    await wrapper.run(name('other'), async () => {
      stream = wrapper.jsonStream(User.find());
    });
    const unread = wrapper.jsonStream(User.find());
    expect(JSON.parse(await all(stream))).toHaveLength(2);
    unread.destroy();
  });

  test('reads no further than it is read', async () => {
    const seen = await commandsOf(async (watched, model) => {
      const stream = watched.jsonStream(model.find(), { batchSize: 10, highWaterMark: 1000 });
      await new Promise((resolve) => stream.once('readable', resolve));
      await new Promise((resolve) => setTimeout(resolve, 100));
      stream.destroy();
      await new Promise((resolve) => stream.once('close', resolve));
    });
    const [find, ...others] = seen.map(([command]) => command);
    expect(find).toBe('find');
    expect(others.filter((command) => command === 'getMore').length).toBeLessThan(4);
    expect(others).toContain('killCursors');
  });

  test('is destroyed by what goes wrong, before and in the middle', async () => {
    await expect(all(wrapper.jsonStream(User.find({ $bad: 1 })))).rejects.toThrow(
      base.mongo.MongoServerError,
    );
    const failing = { $expr: { $or: [{ $lt: ['$size', 200] }, { $divide: [1, 0] }] } };
    await expect(all(wrapper.jsonStream(User.find(failing), { batchSize: 50 }))).rejects.toThrow(/divide/);
    const controller = new AbortController();
    const stream = wrapper.jsonStream(User.find().setOptions({ signal: controller.signal }), {
      batchSize: 5,
    });
    const reading = all(stream);
    stream.once('data', () => controller.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
    const hooked = schema();
    hooked.post('find', () => {
      throw new Error('in the hook');
    });
    const Hooked = wrapper.wrapModel(base.model('Throwing', hooked, 'users'));
    await expect(all(wrapper.jsonStream(Hooked.find()))).rejects.toThrow('in the hook');
  });

  test('is over at once when it is destroyed', async () => {
    const stream = wrapper.jsonStream(User.find({ $where: 'sleep(1000) || true' }));
    stream.on('error', () => {});
    stream.read();
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.destroy();
    await new Promise((resolve) => stream.once('close', resolve));
  });

  test.each([
    [null, 'OPTION_INVALID'],
    [{ format: 'xml' }, 'OPTION_INVALID'],
    [{ batchSize: 0 }, 'OPTION_INVALID'],
    [{ highWaterMark: 1.5 }, 'OPTION_INVALID'],
    [{ batchsize: 5 }, 'OPTION_UNKNOWN'],
  ])('refuses the options %j', (options, code) => {
    expect(() => wrapper.jsonStream(User.find(), options)).toThrow(expect.objectContaining({ code }));
  });
});
