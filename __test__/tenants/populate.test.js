'use strict';

const { openTenants } = require('../support/tenants');

const { base, wrapper, clear, close, name } = openTenants('populate');
const { Schema } = base;

const one = name('one');
const shared = name('shared');

let Org;
let WrappedOrg;
let Team;
let ids;

beforeAll(async () => {
  await clear();
  Org = base.model('Org', new Schema({ title: String, parent: { type: 'ObjectId', ref: 'Org' } }));
  WrappedOrg = wrapper.wrapModel(Org);
  const Member = new Schema({ org: { type: 'ObjectId', ref: Org } });
  const schema = new Schema({
    byName: { type: 'ObjectId', ref: 'Org' },
    byClass: { type: 'ObjectId', ref: Org },
    byWrapped: { type: 'ObjectId', ref: WrappedOrg },
    byArray: [{ type: 'ObjectId', ref: Org }],
    byMap: { type: Map, of: { type: 'ObjectId', ref: Org } },
    nested: { org: { type: 'ObjectId', ref: Org } },
    members: [Member],
    member: Member,
  });
  schema.virtual('children', { ref: Org, localField: 'byName', foreignField: 'parent' });
  Team = wrapper.wrapModel(base.model('Team', schema));
  const parent = await WrappedOrg.db(one).create({ title: 'one' });
  const child = await WrappedOrg.db(one).create({ title: 'child', parent: parent._id });
  await WrappedOrg.db(shared).create({ _id: parent._id, title: 'shared' });
  await WrappedOrg.db(name('default')).create({ _id: parent._id, title: 'default' });
  ids = { parent: parent._id, child: child._id };
  const { parent: id } = ids;
  await Team.db(one).create({
    ...{ byName: id, byClass: id, byWrapped: id, byArray: [id], byMap: { a: id } },
    ...{ nested: { org: id }, members: [{ org: id }], member: { org: id } },
  });
});

afterAll(close);

/** The populated organisation's title and database. */
const seen = (org) => [org.title, org.db.name];

test.each([
  ['byName', (team) => team.byName],
  ['byClass', (team) => team.byClass],
  ['byWrapped', (team) => team.byWrapped],
  ['byArray', (team) => team.byArray[0]],
  ['byMap.$*', (team) => team.byMap.get('a')],
  ['nested.org', (team) => team.nested.org],
  ['members.org', (team) => team.members[0].org],
  ['member.org', (team) => team.member.org],
])('%s stays in the tenant', async (path, orgOf) => {
  const Tenant = Team.db(one);
  expect(seen(orgOf(await Tenant.findOne().populate(path)))).toEqual(['one', one]);
  const team = await Tenant.findOne();
  await team.populate(path);
  expect(seen(orgOf(team))).toEqual(['one', one]);
  for await (const each of Tenant.find().populate(path).cursor())
    expect(seen(orgOf(each))).toEqual(['one', one]);
});

test('a virtual with a class as its ref stays in the tenant', async () => {
  const { children } = await Team.db(one).findOne().populate('children');
  expect(children.map(seen)).toEqual([['child', one]]);
});

test('nested populates stay in the tenant', async () => {
  await Team.db(one).updateOne({}, { byName: ids.child });
  const team = await Team.db(one)
    .findOne()
    .populate({ path: 'byName', populate: { path: 'parent', model: Org } });
  expect([seen(team.byName), seen(team.byName.parent)]).toEqual([
    ['child', one],
    ['one', one],
  ]);
  await Team.db(one).updateOne({}, { byName: ids.parent });
});

test('a class or a wrapped model given as model means the tenant’s', async () => {
  for (const model of [Org, WrappedOrg, 'Org']) {
    expect(seen((await Team.db(one).findOne().populate({ path: 'byName', model })).byName)).toEqual([
      'one',
      one,
    ]);
  }
  const [team] = await Team.db(one).populate([await Team.db(one).findOne()], { path: 'byName', model: Org });
  expect(seen(team.byName)).toEqual(['one', one]);
});

test('a model of another database was named on purpose', async () => {
  const team = await Team.db(one)
    .findOne()
    .populate({ path: 'byName', model: WrappedOrg.db(shared) });
  expect(seen(team.byName)).toEqual(['shared', shared]);
});

test('the wrapped model populates in the tenant of the context', async () => {
  const team = await wrapper.run(one, () => Team.findOne().populate('byName'));
  expect(seen(team.byName)).toEqual(['one', one]);
});

test('populating and saving again keeps to the tenant', async () => {
  const team = await Team.db(one).findOne().populate('byName');
  team.byName.title = 'changed';
  await team.byName.save();
  expect((await WrappedOrg.db(one).findById(ids.parent)).title).toBe('changed');
  expect((await WrappedOrg.db(shared).findById(ids.parent)).title).toBe('shared');
  await WrappedOrg.db(one).updateOne({ _id: ids.parent }, { title: 'one' });
});

test('the user’s own connection still finds its own models', () => {
  expect(base.models.Team.schema.path('byClass').options.ref).toBe('Org');
  expect(base.connection.model('Org')).toBe(Org);
});
