'use strict';

const fc = require('fast-check');
const native = require('../../lib/native');
const { PolyMongoError } = require('../../lib/error');
const { brokenRule, checkDatabaseName } = require('../../lib/protocol/database-name');

const seed = Number(process.env.POLYMONGO_SEED) || 20_261_122;

const refusal = (name, rules) => {
  try {
    checkDatabaseName(name, rules);
    return null;
  } catch (error) {
    return error;
  }
};

describe('names that are refused', () => {
  test.each([
    [undefined, 'a database name must be a string, got undefined'],
    [null, 'a database name must be a string, got null'],
    [7, 'a database name must be a string, got number'],
    [['a'], 'a database name must be a string, got an array'],
    [{ toString: () => 'a' }, 'a database name must be a string, got object'],
    [Object('a'), 'a database name must be a string, got object'],
    ['', 'it must not be empty; was a tenant id missing?'],
    ['k\ud800', 'it holds half of a surrogate pair, which UTF-8 cannot express'],
    ['x'.repeat(64), 'it has 64 bytes of UTF-8, at most 63 are allowed'],
    ['é'.repeat(33), 'it has 66 bytes of UTF-8, at most 63 are allowed'],
    ['.', 'the character "." is not allowed'],
    ['a/b', 'the character "/" is not allowed'],
    ['a\\b', 'the character "\\\\" is not allowed'],
    ['a b', 'a space is not allowed'],
    ['a"b', 'the character "\\"" is not allowed'],
    ['a$b', 'the character "$" is not allowed'],
    ['a\0b', 'the character U+0000 is not allowed'],
    ['admin', 'pass allowSystemDatabases: true to use it'],
  ])('%p, by every server', (name, text) => {
    for (const nameRules of ['portable', 'server']) {
      const error = refusal(name, { nameRules });
      expect(error).toBeInstanceOf(PolyMongoError);
      expect(error).toMatchObject({ code: 'INVALID_DATABASE_NAME', status: 400, dbName: name });
      expect(error.message).toContain(text);
    }
  });

  test.each([
    ...['*', '<', '>', '|', '?', ':'].map((character) => [`a${character}b`, `the character "${character}"`]),
    ['a\u202eb', 'the character U+202E'],
    ['a\u200fb', 'the character U+200F'],
    ['a\u0085b', 'the character U+0085'],
    ['undefined', '"undefined" at its end is the sign of a missing tenant id'],
    ['tenant_null', '"null" at its end is the sign of a missing tenant id'],
    ['tenant-NaN', '"NaN" at its end is the sign of a missing tenant id'],
    ['Admin', 'a database "admin" exists'],
  ])('%p, unless nameRules is "server"', (name, text) => {
    expect(refusal(name).message).toContain(text);
    expect(refusal(name, { nameRules: 'server' })).toBeNull();
  });

  test('what is printed of them is short and harmless', () => {
    expect(refusal('a\u202e\u001b[2J\u{e0001}').message).toContain('"a\\u202e\\u001b[2J\\u{e0001}"');
    expect(refusal('x'.repeat(100_000)).message.length).toBeLessThan(250);
  });
});

test.each([
  'tenant_k',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'کتاب‌ها',
  'nullable',
  'x'.repeat(63),
])('%p is an ordinary name', (name) => {
  expect(checkDatabaseName(name)).toBe(name);
  expect(checkDatabaseName(name, { nameRules: 'server' })).toBe(name);
});

test("the server's own databases can be allowed", () => {
  for (const name of ['admin', 'config', 'local']) {
    expect(checkDatabaseName(name, { allowSystemDatabases: true })).toBe(name);
  }
});

test(`JavaScript and Rust agree on every name (POLYMONGO_SEED=${seed})`, () => {
  const agree = (name) => {
    for (const nameRules of ['portable', 'server']) {
      for (const allowSystemDatabases of [true, false]) {
        const rule = brokenRule(name, { nameRules, allowSystemDatabases })?.rule ?? null;
        const inRust = native.brokenNameRule(name, nameRules === 'portable', allowSystemDatabases);
        expect([name, inRust]).toEqual([name, rule]);
      }
    }
  };
  for (let unit = 0; unit <= 0xffff; unit++) {
    const name = `a${String.fromCharCode(unit)}`;
    const rules = { nameRules: 'portable' };
    if (native.brokenNameRule(name, true, false) !== (brokenRule(name, rules)?.rule ?? null)) agree(name);
  }
  const unit = fc.oneof(
    fc.constantFrom(
      ...'/\\."$ \0*<>:|?_-AaDdMmIiNn',
      '\u007f',
      '\u202e',
      '\u200c',
      '\u212a',
      '\u0130',
      '\ud800',
      '\udc00',
    ),
    fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
  );
  const part = fc.oneof(
    unit,
    fc.constantFrom('undefined', 'null', 'NaN', 'admin', 'Config', 'LOCAL', 'tenant'),
  );
  const name = fc.oneof(
    fc.array(part, { maxLength: 4 }).map((parts) => parts.join('')),
    fc.array(unit, { minLength: 10, maxLength: 70 }).map((units) => units.join('')),
    fc.nat(70).map((length) => 'é'.repeat(length)),
  );
  fc.assert(fc.property(name, agree), { seed, numRuns: 2000 });
});
