'use strict';

const { openTenants } = require('../support/tenants');

const { base, wrapper, clear, close, name } = openTenants('executed-twice');

/** Mongoose 8 tells where a query was executed first; 9 does not. */
const tells = '_executionStack' in new base.Query();

const schema = new base.Schema({ name: String });
schema.query.cached = function () {
  this.$cached = true;
  return this;
};

const User = base.model('User', schema);
const Tenant = wrapper.wrapModel(User).db(name('tenant'));

beforeAll(clear);
afterAll(close);

/** What a second execution is told. */
async function secondTime(query) {
  await query.exec();
  return query.exec().then(
    () => null,
    (error) => error,
  );
}

test('a query that is executed twice is told where the first time was, as text', async () => {
  const told = await secondTime(Tenant.findOne({ name: 'a' }));
  expect(told.message).toMatch(/^Query was already executed: /);
  expect(typeof told.originalStack).toBe(tells ? 'string' : 'undefined');
  if (tells) expect(told.originalStack).toContain(__filename);
});

test('a query that was awaited first is told how to find out where', async () => {
  const query = Tenant.findOne({ name: 'a' });
  await query;
  const told = await query.exec().catch((error) => error);
  expect(told.message).toMatch(/^Query was already executed: /);
  if (tells) expect(told.originalStack).toMatch(/^Error: it was awaited, .* Call exec\(\) there/);
  const all = Tenant.findOne({ name: 'a' });
  await Promise.all([all]);
  if (tells) expect((await all.exec().catch((error) => error)).originalStack).toMatch(/ awaited/);
});

test('what is no function is no callback', async () => {
  for (const callback of [undefined, null, 1, '', {}, { name: '' }]) {
    await expect(Tenant.findOne({ name: 'none' }).then(callback)).resolves.toBeNull();
  }
});

test.each(['then', 'catch', 'finally'])('a query whose %s() was called is told where', async (method) => {
  const query = Tenant.findOne({ name: 'a' });
  await query[method](() => null);
  const told = await query.exec().catch((error) => error);
  if (tells) expect(told.originalStack).toContain(__filename);
  const bound = Tenant.findOne({ name: 'a' });
  await bound[method](Function.prototype.bind.call(() => null));
  if (tells) expect((await bound.exec().catch((error) => error)).originalStack).toContain(__filename);
});

if (tells) {
  test('nothing is told where Mongoose was asked not to', async () => {
    expect(base.get('skipOriginalStackTraces')).toBeUndefined();
    base.set('skipOriginalStackTraces', true);
    const told = await secondTime(Tenant.findOne({ name: 'a' }));
    expect(told.message).toMatch(/^Query was already executed: /);
    expect(told.originalStack).toBeUndefined();
    expect(base.get('skipOriginalStackTraces')).toBe(true);
    base.set('skipOriginalStackTraces', undefined);
  });
}

test('no stack is written as text unless somebody asks', async () => {
  const { prepareStackTrace } = Error;
  let written = 0;
  Error.prepareStackTrace = (error, frames) => {
    written += 1;
    return `${error}\n${frames.join('\n')}`;
  };
  try {
    await Tenant.findOne({ name: 'a' });
    await Tenant.updateOne({ name: 'a' }, { name: 'b' });
    expect(written).toBe(0);
    const told = await secondTime(Tenant.findOne({ name: 'a' }));
    if (tells) expect(told.originalStack).toContain(__filename);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
});

test('`exec` of the user, which comes to the one of Mongoose later or never, is kept', async () => {
  const { exec } = base.Query.prototype;
  base.Query.prototype.exec = async function (...args) {
    if (this.$cached) return { name: 'from the cache' };
    await null;
    return exec.apply(this, args);
  };
  try {
    await Tenant.create({ name: 'c' });
    expect(await Tenant.findOne({ name: 'c' }).lean()).toMatchObject({ name: 'c' });
    const told = await secondTime(Tenant.findOne({ name: 'c' }));
    if (tells) expect(told.originalStack).toMatch(/^Error/);
    expect(await Tenant.findOne().cached()).toEqual({ name: 'from the cache' });
  } finally {
    base.Query.prototype.exec = exec;
  }
});

test('a query within a hook of another is told as well', async () => {
  let inner;
  await Tenant.findOne().pre(() => {
    inner = secondTime(Tenant.findOne({ name: 'a' }));
  });
  const told = await inner;
  expect(told.message).toMatch(/^Query was already executed: /);
  if (tells) expect(told.originalStack).toContain(__filename);
});

test('copies of a query and its constructor are queries of the model', async () => {
  const query = Tenant.findOne({ name: 'c' });
  expect(query).toBeInstanceOf(base.Query);
  expect(query).toBeInstanceOf(Tenant.Query);
  expect(query.constructor).toBe(User.findOne().constructor);
  expect((await query.clone()).name).toBe('c');
  const Custom = query.toConstructor();
  expect((await Custom()).name).toBe('c');
  expect((await new Custom()).name).toBe('c');
});
