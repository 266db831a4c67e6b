const { DatabaseNames } = require('../../lib/wrapper/database-names');
const { model, wrappers } = require('./support/wrappers');

const { create } = wrappers('wname');
const names = (rules, fixed = null) =>
  new DatabaseNames(
    { nameRules: 'portable', allowSystemDatabases: false, allowDatabase: undefined, ...rules },
    fixed,
  );
const refusal = (text) =>
  expect.objectContaining({
    code: 'INVALID_DATABASE_NAME',
    status: 400,
    message: expect.stringContaining(text),
  });

test('a name that differs in case from a database known to exist, both spellings quoted', () => {
  const known = names();
  expect(known.check('Tenant')).toBe('Tenant');
  expect(known.check('tenant')).toBe('tenant');
  known.exists('tenant');
  expect(() => known.check('Tenant')).toThrow(refusal('"tenant"'));
  expect(() => known.check('Tenant')).toThrow(refusal('"Tenant"'));
  known.dropped('tenant');
  expect(known.check('Tenant')).toBe('Tenant');
  known.exists('ıstanbul');
  expect(known.check('Istanbul')).toBe('Istanbul');
});

test('nameRules: server leaves that to the server', () => {
  const known = names({ nameRules: 'server' });
  known.exists('tenant');
  expect(known.check('Tenant')).toBe('Tenant');
});

test('allowDatabase: an expression or a function that says true', () => {
  expect(names({ allowDatabase: /^t/g }).check('t1')).toBe('t1');
  expect(() => names({ allowDatabase: /^t/ }).check('x')).toThrow(refusal('allowDatabase'));
  expect(names({ allowDatabase: (name) => name === 'x' }).check('x')).toBe('x');
  for (const answer of [false, undefined, 'yes', Promise.resolve(true)])
    expect(() => names({ allowDatabase: () => answer }).check('x')).toThrow(refusal('allowDatabase'));
});

test('ordinary names that are no names of ours', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'کتاب‌ها']) {
    const known = names();
    known.exists(name);
    expect(known.check(name)).toBe(name);
  }
});

test("what was written to exists; the server's own refusal is the same error", async () => {
  const wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model());
  const first = Item.db('wname_Mixed');
  const second = Item.db('wname_mixed');
  await first.create({ name: 'a' });
  expect(() => wrapper.adv.getConnection('WNAME_MIXED')).toThrow(refusal('"wname_Mixed"'));
  await expect(second.create({ name: 'b' })).rejects.toEqual(refusal('wname_mixed'));
  const other = create({ sharePool: false }).wrapModel(model());
  await expect(other.db('wname_MIXED').create({ name: 'c' })).rejects.toEqual(refusal('wname_MIXED'));
  expect(await second.countDocuments()).toBe(0);
});
