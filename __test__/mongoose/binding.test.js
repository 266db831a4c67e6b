'use strict';

const { mongoose, openTenants } = require('../support/tenants');

/**
 * What a model bound to a database must do, on a tenant's model and on the wrapped model inside the tenant's context.
 */
describe.each(['tenant model', 'wrapped model'])('binding: %s', (form) => {
  const { base, wrapper, server, clear, close, name } = openTenants(
    form === 'tenant model' ? 'bind_t' : 'bind_w',
  );
  const { Schema } = base;
  const one = name('one');
  const two = name('two');
  const hooks = [];
  let User;
  let Wrapped;
  let Org;
  let Klass;
  let bound;
  let other;
  let connection;

  /** The wrapped model finds its tenant in the context. */
  const check = (title, run) => test(title, () => (form === 'wrapped model' ? wrapper.run(one, run) : run()));
  const raw = (collection, database = one) => server.db(database).collection(collection);

  beforeAll(async () => {
    await clear();
    const orgSchema = new Schema({ title: { type: String, index: true } });
    Org = base.model('Org', orgSchema);
    const userSchema = new Schema(
      {
        name: { type: String, required: true, index: true },
        org: { type: 'ObjectId', ref: 'Org' },
        org2: { type: 'ObjectId', ref: Org },
        on: String,
        any: { type: 'ObjectId', refPath: 'on' },
        age: Number,
      },
      { discriminatorKey: 'kind', timestamps: true },
    );
    for (const hook of ['save', 'find', 'aggregate', 'insertMany', 'bulkWrite', 'hooked']) {
      userSchema.pre(hook, () => {
        hooks.push(hook);
      });
    }
    userSchema.post('init', () => {
      hooks.push('init');
    });
    userSchema.pre('deleteOne', { document: true, query: false }, () => {
      hooks.push('deleteOne');
    });
    userSchema.virtual('upper').get(function () {
      return this.name.toUpperCase();
    });
    userSchema.virtual('posts', { ref: 'Post', localField: '_id', foreignField: 'author' });
    userSchema.methods.hi = function () {
      return `hi ${this.name}`;
    };
    userSchema.statics.hooked = async function () {
      return this.db.name;
    };
    userSchema.statics.byName = function (wanted) {
      return this.findOne({ name: wanted });
    };
    userSchema.query.old = function () {
      return this.where({ age: { $gt: 50 } });
    };
    userSchema.loadClass(
      class {
        get loaded() {
          return `loaded ${this.name}`;
        }

        static loadedStatic() {
          // biome-ignore lint/complexity/noThisInStatic: whichever model it is called on
          return this.db.name;
        }
      },
    );
    User = base.model('User', userSchema);
    User.handMade = function () {
      return this.db.name;
    };
    User.discriminator('Admin', new Schema({ level: Number }), 'adm');
    base.model('Post', new Schema({ author: { type: 'ObjectId', ref: 'User' }, text: String }));
    Klass = class Klass extends base.Model {
      who() {
        return `k${this.x}`;
      }
    };
    base.model(Klass, new Schema({ x: Number }));

    Wrapped = wrapper.wrapModel(User);
    bound = form === 'wrapped model' ? Wrapped : Wrapped.db(one);
    other = Wrapped.db(two);
    connection = wrapper.adv.getConnection(one);
  });

  afterAll(close);

  check('init() creates the collection and its indexes in that database', async () => {
    await bound.init();
    expect(await raw('users').indexes()).toContainEqual(expect.objectContaining({ name: 'name_1' }));
  });

  check('create() is seen in that database alone', async () => {
    await bound.create({ name: 'ann', age: 60 });
    expect(await raw('users').countDocuments()).toBe(1);
    expect(await other.countDocuments()).toBe(0);
  });

  check('hooks run, each once', async () => {
    hooks.length = 0;
    const [ann] = await bound.find();
    await ann.save();
    await bound.aggregate([{ $match: {} }]);
    await bound.insertMany([{ name: 'many' }]);
    await bound.bulkWrite([{ updateOne: { filter: { name: 'many' }, update: { age: 1 } } }]);
    await (await bound.findOne({ name: 'many' })).deleteOne();
    for (const hook of ['find', 'save', 'aggregate', 'insertMany', 'bulkWrite', 'deleteOne']) {
      expect({ hook, times: hooks.filter((each) => each === hook).length }).toEqual({ hook, times: 1 });
    }
    expect(hooks).toContain('init');
  });

  check('statics, methods, virtuals, query helpers and loaded classes are there', async () => {
    const ann = await bound.byName('ann');
    expect([ann.upper, ann.hi(), ann.loaded, bound.loadedStatic()]).toEqual([
      'ANN',
      'hi ann',
      'loaded ann',
      one,
    ]);
    expect(await bound.find().old()).toHaveLength(1);
  });

  check('a static with hooks runs on the bound model', async () => {
    hooks.length = 0;
    expect(await bound.hooked()).toBe(one);
    expect(hooks).toEqual(['hooked']);
  });

  check('a static put on the original by hand is there', () => {
    expect(bound.handMade()).toBe(one);
  });

  check('documents are instances of the original, the wrapped and the bound model', async () => {
    const ann = await bound.findOne();
    expect([
      ann instanceof User,
      ann instanceof Wrapped,
      ann instanceof bound,
      ann instanceof base.Model,
    ]).toEqual([true, true, true, true]);
    expect(ann instanceof other).toBe(false);
  });

  check('a document knows its connection, collection and model', async () => {
    const ann = await bound.findOne();
    expect(ann.db.name).toBe(one);
    expect(ann.db).toBe(bound.db);
    expect(ann.constructor).toBe(Wrapped.db(one));
    expect(ann.collection.conn).toBe(connection);
    expect(ann.$model('User')).toBe(Wrapped.db(one));
    expect(bound.base).toBe(base);
  });

  check('the model name shows in validation errors', async () => {
    expect(bound.modelName).toBe('User');
    await expect(new bound({}).validate()).rejects.toThrow(/^User validation failed/);
  });

  check('new Model() with a discriminator key makes the bound discriminator', async () => {
    const root = new bound({ name: 'root', kind: 'adm', level: 3 });
    expect([root.level, root.constructor.modelName, root.db.name]).toEqual([3, 'Admin', one]);
    await root.save();
    expect(await raw('users').countDocuments({ kind: 'adm', level: 3 })).toBe(1);
  });

  check('find() hydrates bound discriminators', async () => {
    const root = await bound.findOne({ kind: 'adm' });
    expect([root.constructor.modelName, root.db.name]).toEqual(['Admin', one]);
    expect([
      root instanceof bound,
      root instanceof Wrapped,
      root instanceof bound.discriminators.Admin,
    ]).toEqual([true, true, true]);
    root.level = 4;
    await root.save();
    expect(await raw('users').countDocuments({ level: 4 })).toBe(1);
  });

  check('the connection knows the discriminator by its name', async () => {
    const Admin = connection.model('Admin');
    const [root, ...rest] = await Admin.find();
    expect([Admin.db.name, rest.length, root.constructor]).toEqual([one, 0, Admin]);
  });

  check('a discriminator that is added later is bound too', () => {
    const kind = 'Late';
    User.discriminator(kind, new Schema({ s: Number }));
    const late = new bound({ name: 'late', kind, s: 1 });
    expect([late.constructor.modelName, late.db.name, late.s]).toEqual([kind, one, 1]);
  });

  check('populate: by name', async () => {
    const org = await connection.model('Org').create({ title: 'o1' });
    await bound.updateOne({ name: 'ann' }, { org: org._id, org2: org._id, on: 'Org', any: org._id });
    const ann = await bound.findOne({ name: 'ann' }).populate('org');
    expect([ann.org.title, ann.org.db.name]).toEqual(['o1', one]);
  });

  check('populate: refPath', async () => {
    expect((await bound.findOne({ name: 'ann' }).populate('any')).any.title).toBe('o1');
  });

  check('populate: a model nobody has used in that database yet', async () => {
    const _id = new mongoose.Types.ObjectId();
    await raw('orgs', two).insertOne({ _id, title: 'of two' });
    await raw('users', two).insertOne({ name: 'bob', org: _id });
    const bob = await other.findOne({ name: 'bob' }).populate('org');
    expect([bob.org.title, bob.org.db.name]).toEqual(['of two', two]);
  });

  check('populate: virtual', async () => {
    const { _id } = await bound.findOne({ name: 'ann' });
    await connection.model('Post').create({ author: _id, text: 'p' });
    const { posts } = await bound.findOne({ name: 'ann' }).populate('posts');
    expect([posts.length, posts[0].db.name]).toEqual([1, one]);
  });

  check('populate: a class as ref', async () => {
    const { org2 } = await bound.findOne({ name: 'ann' }).populate('org2');
    expect([org2.title, org2.db.name]).toEqual(['o1', one]);
  });

  check('populate: a class as model', async () => {
    const { org } = await bound.findOne({ name: 'ann' }).populate({ path: 'org', model: Org });
    expect([org.title, org.db.name]).toEqual(['o1', one]);
  });

  check('cursors of queries and aggregations', async () => {
    const names = [];
    for await (const each of bound.find().cursor()) names.push(each.db.name);
    expect(new Set(names)).toEqual(new Set([one]));
    let documents = 0;
    for await (const _each of bound.aggregate([{ $match: {} }]).cursor()) documents += 1;
    expect(documents).toBe(names.length);
  });

  check('transactions', async () => {
    await connection.transaction(async (session) => {
      await bound.create([{ name: 'tx' }], { session });
    });
    expect(await bound.countDocuments({ name: 'tx' })).toBe(1);
  });

  check('insertMany() keeps the documents it is given', async () => {
    const plain = new bound({ name: 'same' });
    const admin = new bound({ name: 'same2', kind: 'adm' });
    const inserted = await bound.insertMany([plain, admin]);
    expect(inserted[0]).toBe(plain);
    expect(inserted[1]).toBe(admin);
  });

  check('bulkSave()', async () => {
    const found = await bound.find({ name: /^same/ });
    for (const each of found) each.age = 5;
    await bound.bulkSave(found);
    expect(await bound.countDocuments({ age: 5 })).toBe(2);
  });

  check('class X extends Model', async () => {
    const K = form === 'wrapped model' ? wrapper.wrapModel(Klass) : wrapper.wrapModel(Klass).db(one);
    const made = await K.create({ x: 1 });
    expect([(await K.findOne()).who(), made.db.name, made instanceof Klass, K.name]).toEqual([
      'k1',
      one,
      true,
      'Klass',
    ]);
  });

  check('the original is untouched', async () => {
    expect(User.db).toBe(base.connection);
    expect(new User({ name: 'q' }).db).toBe(base.connection);
    expect(Object.hasOwn(User, 'find')).toBe(false);
  });

  check('listeners on the original hear the bound models', async () => {
    let heard = 0;
    User.on('isNew', () => {
      heard += 1;
    });
    await bound.create({ name: 'listened' });
    expect(heard).toBeGreaterThan(0);
  });

  check('syncIndexes()', async () => {
    await raw('users').createIndex({ superfluous: 1 });
    expect(await bound.syncIndexes()).toEqual(['superfluous_1']);
  });

  check('a model can be called without new', () => {
    expect(bound({ name: 'x' }).db.name).toBe(one);
  });

  check('watch() hydrates into the bound model', async () => {
    const stream = bound.watch([], { hydrate: true });
    const change = new Promise((resolve, reject) => {
      stream.once('change', resolve);
      stream.once('error', reject);
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await bound.create({ name: 'watched' });
    expect((await change).fullDocument.db.name).toBe(one);
    await stream.close();
  });

  check('init() works again after dropDatabase()', async () => {
    await connection.dropDatabase();
    await bound.init();
    expect(await raw('users').indexes()).toContainEqual(expect.objectContaining({ name: 'name_1' }));
  });

  check('exists(), distinct(), findOneAndUpdate()', async () => {
    await bound.create({ name: 'z', age: 1 });
    expect(await bound.exists({ name: 'z' })).not.toBeNull();
    expect(await bound.distinct('name')).toEqual(['z']);
    const updated = await bound.findOneAndUpdate({ name: 'z' }, { age: 2 }, { returnDocument: 'after' });
    expect([updated.age, updated.constructor]).toEqual([2, Wrapped.db(one)]);
  });

  check('what is added to the original later is seen', async () => {
    User.prototype.late = () => 'late';
    expect((await bound.findOne()).late()).toBe('late');
  });
});
