'use strict';

const { openTenants } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('across');
const Note = wrapper.wrapModel(base.model('Note', new base.Schema({ text: String, n: Number })));
const names = ['a', 'b', 'c'].map(name);
const openCursors = async () => {
  const idle = [{ $currentOp: { idleCursors: true } }, { $match: { type: 'idleCursor', ns: /^across_/ } }];
  return (await server.db('admin').aggregate(idle).toArray()).length;
};

beforeAll(async () => {
  await clear();
  for (const each of names)
    await Note.db(each).insertMany(Array.from({ length: 250 }, (_, n) => ({ text: `${each} ${n}`, n })));
});
afterAll(close);

test('find: documents of all tenants, each with its own', async () => {
  const rows = await Note.across('across_*')
    .find({ n: { $gte: 10 } })
    .toArray();
  expect(rows).toHaveLength(3 * 240);
  for (const { tenant, document } of rows) {
    expect(document.text).toBe(`${tenant} ${document.n}`);
    expect(document.db.name).toBe(tenant);
  }
  const [{ tenant, document }] = rows;
  document.text = 'changed';
  await document.save();
  expect(await Note.db(tenant).countDocuments({ text: 'changed' })).toBe(1);
  await Note.db(tenant).updateOne({ _id: document._id }, { text: `${tenant} ${document.n}` });
});

test('find takes projections and options', async () => {
  const options = { lean: true, sort: { n: -1 }, limit: 2 };
  const rows = await Note.across([names[2], names[0], names[2]], { concurrency: 1 })
    .find({}, { n: 1, _id: 0 }, options)
    .toArray();
  expect(rows).toEqual(
    [names[2], names[0]].flatMap((tenant) => [249, 248].map((n) => ({ tenant, document: { n } }))),
  );
});

test('aggregate and countDocuments', async () => {
  const sorted = (rows) => rows.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  const sums = await Note.across(names)
    .aggregate([{ $group: { _id: null, n: { $sum: '$n' } } }])
    .toArray();
  expect(sorted(sums)).toEqual(names.map((tenant) => ({ tenant, document: { _id: null, n: 31125 } })));
  const counts = await Note.across([...names, name('absent')])
    .countDocuments({ n: { $lt: 7 } })
    .toArray();
  expect(sorted(counts)).toEqual(
    [...names, name('absent')]
      .map((tenant) => ({ tenant, count: tenant === name('absent') ? 0 : 7 }))
      .sort((a, b) => (a.tenant < b.tenant ? -1 : 1)),
  );
  const { databases } = await server.db('admin').admin().listDatabases();
  expect(databases.map((each) => each.name)).not.toContain(name('absent'));
});

test('is streamed: what is not read is not fetched, and leaving closes the cursors', async () => {
  let read = 0;
  for await (const { document } of Note.across(names).find({}, null, { batchSize: 10 })) {
    expect(document.n).toBeLessThan(250);
    if (++read === 20) {
      expect(await openCursors()).toBe(3);
      break;
    }
  }
  for (let i = 0; i < 100 && (await openCursors()) > 0; i++)
    await new Promise((next) => setTimeout(next, 20));
  expect(await openCursors()).toBe(0);
});

test('a tenant that fails ends the stream with its name', async () => {
  const asked = Note.across(names).find({ $nope: 1 }).toArray();
  await expect(asked).rejects.toMatchObject({
    code: 'TENANT_FAILED',
    tenant: expect.stringMatching(/^across_/),
    cause: expect.objectContaining({ name: 'MongoServerError', code: 2 }),
  });
  expect(await openCursors()).toBe(0);
});

test('bad names and options are refused before anything is sent', async () => {
  await expect(Note.across(['a/b']).find().toArray()).rejects.toMatchObject({
    code: 'INVALID_DATABASE_NAME',
  });
  await expect(Note.across(5).find().toArray()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  expect(() => Note.across(names, { concurrency: 'many' })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});

test("a model with a database for itself has nothing across tenants; a user's own static stays", () => {
  const Plan = wrapper.wrapModel(base.model('Plan', new base.Schema({})), { db: name('control') });
  expect(() => Plan.across()).toThrow(expect.objectContaining({ code: 'DATABASE_FIXED_BY_MODEL' }));
  const schema = new base.Schema({}, { statics: { across: () => 'mine' } });
  expect(wrapper.wrapModel(base.model('River', schema)).across()).toBe('mine');
});
