'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { openTenants } = require('../support/tenants');

const { base, wrapper, server, clear, close, name } = openTenants('foreach');
const Note = wrapper.wrapModel(base.model('Note', new base.Schema({ text: String })));
const names = ['a', 'b', 'c', 'd', 'e', 'f'].map(name);

beforeAll(async () => {
  await clear();
  for (const each of names) await Note.db(each).create({ text: each });
});
afterAll(close);

test('runs once for each tenant, in its context, with its handle', async () => {
  const seen = [];
  const report = await wrapper.forEachTenant(
    async (tenant) => {
      await sleep(Math.random() * 5);
      expect(wrapper.currentTenant()).toBe(tenant.name);
      const [note] = await Note.find();
      expect([note.text, note.db.name]).toEqual([tenant.name, tenant.databaseName]);
      expect((await tenant.Note.findOne()).text).toBe(tenant.name);
      seen.push(tenant.name);
    },
    { pattern: 'foreach_*' },
  );
  expect(seen.sort()).toEqual(names);
  expect(report).toEqual({ total: 6, done: 6, failed: [] });
});

test('a list of names: each once, in its order, also tenants that do not exist, creating none', async () => {
  const seen = [];
  const given = [names[3], names[0], names[3], name('absent')];
  const count = async (tenant) => seen.push([tenant.name, await Note.countDocuments()]);
  await wrapper.forEachTenant(count, { names: new Set(given), concurrency: 1 });
  expect(seen).toEqual([
    [names[3], 1],
    [names[0], 1],
    [name('absent'), 0],
  ]);
  const { databases } = await server.db('admin').admin().listDatabases();
  expect(databases.map((each) => each.name)).not.toContain(name('absent'));
});

test('at most `concurrency` at a time, and that many', async () => {
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await sleep(5);
    running--;
  };
  await wrapper.forEachTenant(work, { names, concurrency: 3 });
  expect(most).toBe(3);
});

test('the first failure stops what has not begun, waits for what has, and names the tenant', async () => {
  const begun = [];
  const ended = [];
  const cause = new TypeError('no such thing');
  const work = async ({ name: each }) => {
    begun.push(each);
    if (each === names[1]) throw cause;
    await sleep(20);
    ended.push(each);
  };
  await expect(wrapper.forEachTenant(work, { names, concurrency: 2 })).rejects.toMatchObject({
    name: 'PolyMongoError',
    code: 'TENANT_FAILED',
    message: `The tenant "${names[1]}" failed, after 1 of 6: no such thing`,
    tenant: names[1],
    cause,
    report: { total: 6, done: 1, failed: [{ tenant: names[1], error: cause }] },
  });
  expect(begun).toEqual(names.slice(0, 2));
  expect(ended).toEqual(names.slice(0, 1));
});

test('continueOnError collects what failed', async () => {
  const progress = [];
  const work = ({ name: each }) => {
    if (each === names[0] || each === names[4]) throw new Error(`not ${each}`);
  };
  const onProgress = (each) => progress.push(each);
  const options = { names, continueOnError: true, concurrency: 1, onProgress };
  const { total, done, failed } = await wrapper.forEachTenant(work, options);
  expect([total, done]).toEqual([6, 4]);
  expect(failed).toEqual(
    [names[0], names[4]].map((tenant) => ({ tenant, error: new Error(`not ${tenant}`) })),
  );
  expect(progress).toEqual(
    names.map((tenant, i) => ({ tenant, total: 6, done: [0, 1, 2, 3, 3, 4][i], failed: i < 4 ? 1 : 2 })),
  );
});

test.each([
  [
    'throws',
    (error) => () => {
      throw error;
    },
  ],
  [
    'rejects',
    (error) => async () => {
      await sleep(1);
      throw error;
    },
  ],
])(
  'an onProgress that %s stops what has not begun; the call ends with its error when the others have',
  async (_how, defect) => {
    const begun = [];
    const ended = [];
    const work = async ({ name: each }) => {
      begun.push(each);
      await sleep(each === names[1] ? 0 : 40);
      ended.push(each);
    };
    const error = new TypeError('a defect');
    const options = { names, concurrency: 3, continueOnError: true, onProgress: defect(error) };
    await expect(wrapper.forEachTenant(work, options)).rejects.toBe(error);
    expect(begun).toEqual(names.slice(0, 3));
    expect(ended.sort()).toEqual(begun);
    await sleep(60);
    expect(begun).toEqual(names.slice(0, 3));
  },
);

test('a signal ends it', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const seen = [];
  const work = ({ name: each }) => {
    seen.push(each);
    if (seen.length === 2) controller.abort(reason);
  };
  const options = { names, concurrency: 1, signal: controller.signal };
  await expect(wrapper.forEachTenant(work, options)).rejects.toBe(reason);
  await expect(wrapper.forEachTenant(work, options)).rejects.toBe(reason);
  expect(seen).toEqual(names.slice(0, 2));
});

test.each([
  [undefined, {}, 'OPTION_INVALID', /needs a function/],
  [() => {}, { names: 7 }, 'OPTION_INVALID', /list of names, or by a pattern/],
  [() => {}, { names: ['fine', 'a/b'] }, 'INVALID_DATABASE_NAME', /"\/"/],
  [() => {}, { names: ['a'], pattern: 'a*' }, 'OPTION_INVALID', /not both/],
  [() => {}, { concurrency: 0 }, 'OPTION_INVALID', /concurrency/],
  [() => {}, { signal: {} }, 'OPTION_INVALID', /AbortSignal/],
  [() => {}, { concurency: 1 }, 'OPTION_UNKNOWN', /concurrency/],
  [() => {}, null, 'OPTION_INVALID', /object/],
])('refuses %p, %p', async (fn, options, code, message) => {
  await expect(wrapper.forEachTenant(fn, options)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});
