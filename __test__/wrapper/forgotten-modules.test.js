'use strict';

const { openTenants } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('forgotten');
const MB = 2 ** 20;

beforeAll(clear);
afterAll(close);

/** Jest's `resetModules`: whatever is loaded from now on is another copy. */
test('a wrapper goes on when the test runner forgets all modules', async () => {
  const Thing = wrapper.wrapModel(
    base.model('Thing', new base.Schema({ n: { type: Number, index: true }, big: String })),
  );
  const dbName = name('a');
  jest.resetModules();

  const Things = Thing.db(dbName);
  await wrapper.createTenant(dbName);
  await Things.insertMany([{ n: 1 }, { n: 2 }]);
  await Things.bulkWrite([{ updateOne: { filter: { n: 1 }, update: { n: 3 } } }]);
  const big = 'x'.repeat(9 * MB);
  await Things.collection.insertMany(Array.from({ length: 6 }, (_, i) => ({ n: 10 + i, big })));
  const bulk = Things.collection.initializeOrderedBulkOp();
  bulk.find({ big: { $exists: true } }).delete();
  expect((await bulk.execute()).deletedCount).toBe(6);

  const stream = Things.watch();
  const changed = new Promise((resolve, reject) => stream.on('change', resolve).on('error', reject));
  await Things.create({ n: 4 });
  expect((await changed).operationType).toBe('insert');
  await stream.close();

  expect(JSON.parse(await wrapper.json(Things.find({ n: 3 }).select('n -_id')))).toEqual([{ n: 3 }]);
  expect(await Things.find({}, 'n -_id').sort('n').lean()).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }]);
  expect(await Things.aggregate([{ $group: { _id: null, n: { $sum: 1 } } }])).toEqual([{ _id: null, n: 3 }]);
  expect((await Things.collection.listIndexes().toArray()).length).toBeGreaterThan(0);
  expect(await Things.db.db.admin().ping()).toMatchObject({ ok: 1 });
  expect(await Things.db.db.listCollections().toArray()).toHaveLength(1);
  await expect(
    wrapper.transaction((session) => Things.create([{ n: 5 }], { session })),
  ).resolves.toBeDefined();

  const seen = [];
  await wrapper.forEachTenant((tenant) => seen.push([tenant.name, wrapper.currentTenant()]), {
    names: [dbName],
  });
  expect(seen).toEqual([[dbName, dbName]]);
  await wrapper.syncIndexes([Thing], { databases: [dbName] });
  const rows = [];
  for await (const { tenant } of Thing.across([dbName]).find({ n: 5 })) rows.push(tenant);
  expect(rows).toEqual([dbName]);
  const request = {};
  await new Promise((resolve) => wrapper.middleware(() => dbName)(request, {}, resolve));
  await wrapper.actions.copyDatabase(dbName, name('b'));
  expect(await server.db(name('b')).collection('things').countDocuments()).toBe(4);
});
