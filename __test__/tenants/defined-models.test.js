'use strict';

const { createWrapper } = require('../..');
const { openTenants, uri } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('defined');
const { Schema } = base;
const one = name('one');
const two = name('two');
const conflict = expect.objectContaining({ name: 'PolyMongoError', code: 'MODEL_CONFLICT' });

const userSchema = (more = {}) => {
  const schema = new Schema({
    name: { type: String, required: true },
    team: { type: 'ObjectId', ref: 'Team' },
    ...more,
  });
  schema.pre('save', function upper() {
    this.name = this.name.toUpperCase();
  });
  schema.static('named', function named(text) {
    return this.findOne({ name: text });
  });
  schema.index({ name: 1 }, { unique: true });
  return schema;
};
const User = wrapper.model('User', userSchema());
const Team = wrapper.model('Team', new Schema({ title: String }));

const { NODE_ENV } = process.env;
beforeAll(clear);
afterEach(() => {
  process.env.NODE_ENV = NODE_ENV;
});
afterAll(close);

test('defines and wraps, and Mongoose’s own connection knows nothing of it', async () => {
  const team = await Team.db(one).create({ title: 'core' });
  await User.db(one).create({ name: 'ada', team });
  await wrapper.run(two, () => User.create({ name: 'grace' }));
  expect((await User.db(one).named('ADA')).db.name).toBe(one);
  expect((await User.db(one).findOne().populate('team')).team.title).toBe('core');
  expect(await User.db(two).distinct('name')).toEqual(['GRACE']);
  await expect(User.db(two).create({ name: 'grace' })).rejects.toMatchObject({ code: 11000 });
  expect(base.models).toEqual({});
  expect(base.modelNames()).toEqual([]);
  expect(base.connections.flatMap((each) => Object.keys(each.models))).toEqual([]);
  expect(User.base).toBe(base);
  expect(User.modelName).toBe('User');
});

test('what the schema asks for itself is made where tenants write', async () => {
  const eager = new Schema({ at: Date }, { autoCreate: true, autoIndex: true, capped: 4096 });
  eager.index({ at: 1 });
  const Eager = wrapper.model('Eager', eager);
  await Eager.db(one).create({ at: new Date() });
  const [collection] = await server.db(one).listCollections({ name: 'eagers' }).toArray();
  expect(collection.options.capped).toBe(true);
});

test('with the name alone it is the one that is there', () => {
  expect(wrapper.model('User')).toBe(User);
  const Wrapped = wrapper.wrapModel(base.model('Wrapped', new Schema({})));
  expect(wrapper.model('Wrapped')).toBe(Wrapped);
  base.deleteModel('Wrapped');
});

test('a collection and a database may be named', async () => {
  const Plan = wrapper.model('Plan', new Schema({ title: String }), 'tariffs', { db: name('control') });
  await wrapper.run(one, () => Plan.create({ title: 'free' }));
  expect(await server.db(name('control')).collection('tariffs').countDocuments()).toBe(1);
  const again = () => new Schema({ title: String });
  expect(wrapper.model('Plan', again(), 'tariffs', { db: name('control') })).toBe(Plan);
  expect(() => wrapper.model('Plan', again(), 'plans', { db: name('control') })).toThrow(conflict);
  expect(() => wrapper.model('Plan', again(), 'tariffs')).toThrow(conflict);
});

test('models refer to each other by class, however they were made', async () => {
  const Owner = wrapper.wrapModel(
    base.model('Owner', new Schema({ name: String, team: { type: 'ObjectId', ref: Team } })),
  );
  const Pet = wrapper.model(
    'Pet',
    new Schema({ owner: { type: 'ObjectId', ref: Owner }, user: { type: 'ObjectId', ref: User } }),
  );
  const team = await Team.db(two).create({ title: 'pets' });
  const owner = await Owner.db(two).create({ name: 'o', team });
  const user = await User.db(two).create({ name: 'u' });
  await Pet.db(two).create({ owner, user });
  const pet = await wrapper.run(one, () =>
    Pet.db(two)
      .findOne()
      .populate([{ path: 'owner', populate: 'team' }, 'user'])
      .exec(),
  );
  expect([pet.owner.db.name, pet.owner.team.title, pet.user.db.name]).toEqual([two, 'pets', two]);
  base.deleteModel('Owner');
});

describe('a module that is loaded again', () => {
  test('gets the same model for the same definition', () => {
    expect(wrapper.model('User', userSchema())).toBe(User);
    expect(wrapper.model('User', User.schema)).toBe(User);
    for (let i = 0; i < 100; i++) wrapper.model('User', userSchema());
    expect(Object.keys(wrapper.tenant(one).models).filter((each) => each === 'User')).toHaveLength(1);
  });

  test.each([
    ['a path', () => userSchema({ age: Number })],
    ['a hook', () => userSchema().pre('save', () => {})],
    ['an index', () => userSchema().index({ team: 1 })],
    ['a method', () => userSchema().method('greet', () => 'hello')],
    ['an option', () => userSchema().set('strict', 'throw')],
  ])('may not change %s, or two modules define one name', (_title, schema) => {
    for (const environment of [undefined, 'production', 'test']) {
      if (environment === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = environment;
      expect(() => wrapper.model('User', schema())).toThrow(conflict);
    }
    expect(wrapper.model('User')).toBe(User);
  });

  test('may change it in development: the latest holds, and who has the old one goes on', async () => {
    process.env.NODE_ENV = 'development';
    const Old = wrapper.model('Note', new Schema({ text: String }));
    const Ref = wrapper.model('Ref', new Schema({ note: { type: 'ObjectId', ref: 'Note' } }));
    const note = await Old.db(one).create({ text: 'old', stars: 5 });
    await Ref.db(one).create({ note });
    const Bound = Old.db(one);
    let New = Old;
    for (let stars = 1; stars <= 5; stars++) {
      const schema = new Schema({ text: String, stars: { type: Number, default: stars } });
      schema.index({ stars: 1 });
      New = wrapper.model('Note', schema);
    }
    expect(New).not.toBe(Old);
    expect(wrapper.model('Note')).toBe(New);
    expect(wrapper.tenant(one).Note).toBe(New.db(one));
    expect((await New.db(one).create({ text: 'new' })).stars).toBe(5);
    const indexes = await server.db(one).collection('notes').indexes();
    expect(indexes.map((index) => index.name)).toEqual(['_id_', 'stars_1']);
    expect((await Ref.db(one).findOne().populate('note')).note.stars).toBe(5);
    expect((await Old.db(one).create({ text: 'still' })).get('stars')).toBeUndefined();
    expect(await Bound.countDocuments()).toBe(3);
    expect(wrapper.model('Note')).toBe(New);
    expect((await Ref.db(one).findOne().populate('note')).note.stars).toBe(5);
    expect(Object.keys(wrapper.tenant(one).models).filter((each) => each === 'Note')).toHaveLength(1);
  });

  test('has its discriminators again', async () => {
    const shape = () => wrapper.model('Shape', new Schema({ name: String }, { discriminatorKey: 'kind' }));
    const round = (Shape, more) => Shape.discriminator('Round', new Schema({ radius: Number, ...more }));
    const Shape = shape();
    const Round = round(Shape);
    expect(shape()).toBe(Shape);
    expect(round(Shape)).toBe(Round);
    expect((await Shape.db(one).create({ kind: 'Round', radius: 2 })).radius).toBe(2);
    expect(() => round(Shape, { colour: String })).toThrow(conflict);
    process.env.NODE_ENV = 'development';
    const Coloured = round(Shape, { colour: String });
    expect((await Coloured.db(one).create({ colour: 'red' })).colour).toBe('red');
    expect((await Shape.db(one).create({ kind: 'Round', colour: 'blue' })).colour).toBe('blue');
    expect(await Shape.db(one).countDocuments({ kind: 'Round' })).toBe(3);
    const Anew = wrapper.model('Shape', new Schema({ name: String, at: Date }, { discriminatorKey: 'kind' }));
    expect((await round(Anew).db(one).create({ radius: 1 })).radius).toBe(1);
  });
});

test('two schemas of one name are refused, whichever way they come', () => {
  expect(() => wrapper.wrapModel(base.model('Team', new Schema({ other: String })))).toThrow(conflict);
  base.deleteModel('Team');
  wrapper.wrapModel(base.model('First', new Schema({})));
  expect(() => wrapper.model('First', new Schema({}))).toThrow(conflict);
  base.deleteModel('First');
  expect(wrapper.model('Team')).toBe(Team);
});

test('wrappers know nothing of each other’s models', async () => {
  const other = createWrapper({ mongoURI: uri, handleSignals: false, sharePool: false });
  const Other = other.model('User', new Schema({ other: String }));
  expect(Other).not.toBe(User);
  expect((await Other.db(name('three')).create({ other: 'x' })).other).toBe('x');
  await other.forceCloseAll();
});

test.each([
  [undefined, undefined, undefined],
  ['', new Schema({}), undefined],
  [class User {}, new Schema({}), undefined],
  ['Nothing', undefined, undefined],
  ['Plain', { name: String }, undefined],
  ['Plain', null, undefined],
  ['Plain', new Schema({}), ''],
  ['Plain', new Schema({}), 7],
])('wrapper.model(%p, …) is refused', (given, schema, collection) => {
  expect(() => wrapper.model(given, schema, collection)).toThrow(
    expect.objectContaining({ name: 'PolyMongoError', code: 'INVALID_MODEL' }),
  );
});
