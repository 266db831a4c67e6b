'use strict';

const { createWrapper } = require('../..');
const { openTenants, uri } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('own', {
  requireTenant: true,
  allowDatabase: /^own_tenant/,
});
const { Schema } = base;
const control = name('control');
const one = name('tenant_one');
const two = name('tenant_two');

const Plan = wrapper.wrapModel(
  base.model(
    'Plan',
    new Schema({ title: { type: String, unique: true }, owner: { type: 'ObjectId', ref: 'User' } }),
  ),
  { db: control },
);
const UserModel = base.model(
  'User',
  new Schema({
    name: String,
    plan: { type: 'ObjectId', ref: 'Plan' },
    byClass: { type: 'ObjectId', ref: Plan },
  }),
);
const User = wrapper.wrapModel(UserModel);
const refused = (code) => expect.objectContaining({ name: 'PolyMongoError', code });

beforeAll(clear);
afterAll(close);

const seen = (doc) => doc && [doc.title ?? doc.name, doc.db.name];

test('it is exempt from the context, from requireTenant and from allowDatabase', async () => {
  const free = await Plan.create({ title: 'free' });
  const pro = await wrapper.run(one, async () => new Plan({ title: 'pro' }).save());
  expect([free.db.name, pro.db.name, Plan.db.name, Plan.db().db.name]).toEqual(Array(4).fill(control));
  expect(Plan.db()).toBe(wrapper.run(two, () => Plan.db(control)));
  expect(await wrapper.run(two, () => Plan.countDocuments())).toBe(2);
  expect(wrapper.currentTenant()).toBeUndefined();
  expect(await server.db(control).collection('plans').countDocuments()).toBe(2);
});

test('it has no other database', () => {
  expect(() => Plan.db(one)).toThrow(refused('DATABASE_FIXED_BY_MODEL'));
});

test('its database is no tenant’s', () => {
  for (const use of [
    () => User.db(control),
    () => wrapper.run(control, () => {}),
    () => wrapper.tenant(control),
  ])
    expect(use).toThrow(refused('INVALID_DATABASE_NAME'));
});

describe('populating', () => {
  let ids;
  beforeAll(async () => {
    const plan = await Plan.create({ title: 'populated' });
    const user = await User.db(one).create({ name: 'one', plan: plan._id, byClass: plan._id });
    await User.db(two).create({ _id: user._id, name: 'two', plan: plan._id, byClass: plan._id });
    await Plan.updateOne({ _id: plan._id }, { owner: user._id });
    ids = { plan: plan._id, user: user._id };
  });

  test('from a tenant reaches it by name, by class and by model', async () => {
    for (const [path, model] of [
      ['plan'],
      ['byClass'],
      ['plan', Plan],
      ['plan', base.models.Plan],
      ['plan', 'Plan'],
    ]) {
      const user = await User.db(one).findById(ids.user).populate({ path, model });
      expect(seen(user[path])).toEqual(['populated', control]);
      const [raw] = await User.db(two).find().populate(path).lean();
      expect(raw[path].title).toBe('populated');
    }
    expect(await server.db(one).collection('plans').countDocuments()).toBe(0);
  });

  test('to a tenant needs the tenant', async () => {
    await expect(Plan.findById(ids.plan).populate('owner')).rejects.toThrow(refused('TENANT_REQUIRED'));
    await expect(wrapper.run(one, () => Plan.findById(ids.plan).populate('owner').exec())).rejects.toThrow(
      refused('TENANT_REQUIRED'),
    );
    const explicit = await Plan.findById(ids.plan).populate({ path: 'owner', model: User.db(two) });
    expect(seen(explicit.owner)).toEqual(['two', two]);
    for (const model of [User, UserModel]) {
      const inContext = await wrapper.run(one, () =>
        Plan.findById(ids.plan).populate({ path: 'owner', model }).exec(),
      );
      expect(seen(inContext.owner)).toEqual(['one', one]);
      await expect(Plan.findById(ids.plan).populate({ path: 'owner', model })).rejects.toThrow(
        refused('TENANT_REQUIRED'),
      );
    }
  });
});

test('discriminators share it', async () => {
  const Trial = Plan.discriminator('Trial', new Schema({ days: Number }));
  const trial = await wrapper.run(one, () => Trial.create({ title: 'trial', days: 14 }));
  expect([trial.db.name, Trial.db.name]).toEqual([control, control]);
  expect((await wrapper.run(two, () => Plan.findOne({ title: 'trial' }))).days).toBe(14);
  expect(() => Trial.db(one)).toThrow(refused('DATABASE_FIXED_BY_MODEL'));
});

test('its collections and indexes are made there alone, and tenants’ not there', async () => {
  await expect(Plan.create([{ title: 'twice' }, { title: 'twice' }])).rejects.toMatchObject({ code: 11000 });
  await wrapper.transaction(async (session) => {
    await User.db(one).create([{ name: 'in transaction' }], { session });
    await Plan.create([{ title: 'in transaction' }], { session });
  });
  const collections = async (db) =>
    (await server.db(db).listCollections().toArray()).map((each) => each.name);
  expect(await collections(control)).toEqual(['plans']);
  expect(await collections(one)).toEqual(['users']);
});

test('a model lives with the tenants or in one database', () => {
  expect(wrapper.wrapModel(base.models.Plan, { db: control })).toBe(Plan);
  for (const wrap of [
    () => wrapper.wrapModel(base.models.Plan),
    () => wrapper.wrapModel(Plan),
    () => wrapper.wrapModel(Plan, { db: name('elsewhere') }),
    () => wrapper.wrapModel(User, { db: control }),
  ])
    expect(wrap).toThrow(refused('MODEL_CONFLICT'));
});

test.each([
  [{ db: undefined }, 'OPTION_INVALID'],
  [{ db: null }, 'OPTION_INVALID'],
  [{ db: '' }, 'OPTION_INVALID'],
  [{ db: 'a/b' }, 'INVALID_DATABASE_NAME'],
  [{ db: 'admin' }, 'INVALID_DATABASE_NAME'],
  [{ database: 'x' }, 'OPTION_UNKNOWN'],
  ['control', 'OPTION_INVALID'],
])('wrapModel(model, %j) is refused', (options, code) => {
  const Model = base.models.Feature ?? base.model('Feature', new Schema({ name: String }));
  expect(() => wrapper.wrapModel(Model, options)).toThrow(refused(code));
});

test('the default database may be the own one: then models of tenants are there as always', async () => {
  const main = name('main');
  const loose = createWrapper({
    mongoURI: uri,
    handleSignals: false,
    defaultDB: main,
    databaseName: (t) => `own_${t}`,
  });
  const Loose = loose.wrapModel(base.models.Plan, { db: main });
  const Users = loose.wrapModel(UserModel);
  const owner = await Users.create({ name: 'main' });
  await Loose.create({ title: 'main', owner: owner._id });
  expect(seen((await Loose.findOne().populate('owner')).owner)).toEqual(['main', main]);
  expect(() => Users.db('main')).toThrow(refused('INVALID_DATABASE_NAME'));
  await loose.forceCloseAll();
});
