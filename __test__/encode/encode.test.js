'use strict';

const mongoose = require('../support/mongoose');
const { Codec } = require('../../lib/protocol/codec');
const { encode, isEncoding } = require('../../lib/protocol/encode');
const { Statements, StatementsSplit } = require('../../lib/protocol/statements');

const { BSON } = mongoose.mongo;
const DEFAULTS = { checkKeys: false, ignoreUndefined: false, serializeFunctions: false };
const MB = 2 ** 20;

/** Enough for a shape to be learned and compiled. */
const ROUNDS = 20;

let codec;
beforeEach(() => {
  codec = new Codec(mongoose.mongo);
});

const ours = (document, options = null) => Buffer.from(encode(codec, document, options)).toString('hex');
const theirs = (document, options = DEFAULTS) =>
  Buffer.from(BSON.serialize(document, options)).toString('hex');

/** @param {() => any} make a document, new each time: writing may change it */
function expectSame(make) {
  for (let round = 0; round < ROUNDS; round++) expect(ours(make())).toBe(theirs(make()));
}

describe('code of the user that runs meanwhile', () => {
  test('a getter may remove what comes later', () => {
    expectSame(() => ({
      get a() {
        delete this.b;
        this.later = 1;
        return { x: 1 };
      },
      b: 2,
      c: 3,
    }));
  });

  test('a toBSON() may remove what comes later, or add to it', () => {
    expectSame(() => {
      const document = { a: null, b: 2, c: { d: 1 } };
      document.a = {
        toBSON() {
          delete document.b;
          document.c.e = 2;
          document.f = 3;
          return [document.c];
        },
      };
      return document;
    });
  });

  test('a toBSON() is called as often as by the library', () => {
    const calls = [];
    const counted = (name, form) => ({
      toBSON() {
        calls.push(name);
        return form;
      },
    });
    const make = () => ({
      plain: counted('plain', { a: 1 }),
      twice: counted('outer', counted('inner', { a: 1 })),
      list: [counted('item', counted('item of item', [5]))],
      map: new Map([['key', counted('in a map', counted('again in a map', {}))]]),
    });
    theirs(make());
    const expected = calls.splice(0);
    for (let round = 0; round < ROUNDS; round++) {
      ours(make());
      expect(calls.splice(0)).toEqual(expected);
    }
  });

  test('whatever is encoded meanwhile, the outer document is written as it is', () => {
    const inner = [];
    const make = (nested) => ({
      before: 'b'.repeat(40),
      a: {
        toBSON() {
          inner.push(nested());
          return { text: 'a' };
        },
      },
      after: ['c', { d: 1 }],
    });
    for (let round = 0; round < ROUNDS; round++) {
      const outer = ours(make(() => [isEncoding(), ours({ inner: 'x'.repeat(200) })]));
      expect(outer).toBe(theirs(make(() => null)));
    }
    expect(inner.filter((one) => one !== null)).toEqual(
      new Array(ROUNDS).fill([true, theirs({ inner: 'x'.repeat(200) })]),
    );
    expect(isEncoding()).toBe(false);
  });

  test('an error leaves nothing behind', () => {
    const refusing = { a: [{ b: { toBSON: () => JSON.parse('{') } }] };
    for (let round = 0; round < ROUNDS; round++) {
      expect(() => ours(refusing)).toThrow(SyntaxError);
      expect(isEncoding()).toBe(false);
      expect(ours({ a: [{ b: { c: 1 } }] })).toBe(theirs({ a: [{ b: { c: 1 } }] }));
    }
  });
});

describe('what only looks like the documents before it', () => {
  const fields = { a: 1, b: 'text' };
  const hidden = (object, name, value) => Object.defineProperty(object, name, { value });
  const id = () => new BSON.ObjectId('00000000000000000000000a');
  const outcome = (run) => {
    try {
      return run();
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  };

  test.each([
    ['a hidden toBSON()', () => hidden({ ...fields }, 'toBSON', () => 'another')],
    ['a hidden BSON type', () => hidden({ ...fields }, '_bsontype', 'ObjectId')],
    ['a map by its own account', () => ({ ...fields, [Symbol.toStringTag]: 'Map', entries: () => [] })],
    [
      'a date by its own account',
      () => hidden(hidden({ ...fields }, Symbol.toStringTag, 'Date'), 'getTime', () => 7),
    ],
    ['an instance of a class', () => Object.assign(new (class Fields {})(), fields)],
    ['an object without a prototype', () => Object.assign(Object.create(null), fields)],
    ['an array', () => Object.assign([1], fields)],
    ['a date', () => Object.assign(new Date(5), fields)],
    ['bytes', () => Object.assign(new Uint8Array([1, 2]), fields)],
    ['a map', () => Object.assign(new Map([['c', 1]]), fields)],
    ['an ObjectId', () => Object.assign(id(), fields)],
    ['one key less', () => ({ a: 1 })],
    ['one key more', () => ({ ...fields, c: 1 })],
    ['another order', () => ({ b: 'text', a: 1 })],
  ])('%s', (_name, make) => {
    const here = (value) => ({ value, list: [value] });
    for (let round = 0; round < ROUNDS; round++) {
      ours(here({ ...fields }));
      ours({ ...fields });
      expect(outcome(() => ours(here(make())))).toBe(outcome(() => theirs(here(make()))));
      expect(outcome(() => ours(make()))).toBe(outcome(() => theirs(make())));
    }
  });

  test('a BSON type that is one at times', () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const _bsontype of [null, undefined, 'Nonsense', 5]) {
        const make = () => ({ value: { _bsontype, a: 1 } });
        expect(outcome(() => ours(make()))).toBe(outcome(() => theirs(make())));
      }
    }
  });

  test('an ObjectId with another form', () => {
    expectSame(() => ({ value: hidden(id(), 'toBSON', () => 'no id') }));
    const long = () => ({ value: hidden(id(), '_bsontype', 'Long') });
    for (let round = 0; round < ROUNDS; round++) {
      expect(outcome(() => ours(long()))).toBe(outcome(() => theirs(long())));
    }
  });
});

test('texts of each length, with each kind of character at each place', () => {
  for (const odd of ['', '\0', 'ü', '€', '\u{1f600}', '\ud800', '\udc00']) {
    for (let length = 0; length <= 40; length++) {
      for (let place = 0; place <= length; place++) {
        const text = 'abcdefgh'.repeat(5).slice(0, place) + odd + 'z'.repeat(length - place);
        expect(ours({ text, list: [text] })).toBe(theirs({ text, list: [text] }));
      }
    }
  }
});

describe('prototypes that somebody changed', () => {
  const document = { text: 'text', list: ['a', 5, true, { n: 1n }], nested: { date: new Date(5), id: 7 } };

  test.each([
    ['String', (value) => `${value}!`],
    ['Number', (value) => Number(value) + 0.5],
    ['Boolean', () => null],
    ['BigInt', () => undefined],
    ['Date', (value) => value.getTime()],
    ['Array', (value) => ({ length: value.length })],
  ])('%s.prototype.toBSON is heeded', (name, form) => {
    const { prototype } = globalThis[name];
    for (let round = 0; round < ROUNDS; round++) ours(document);
    Object.defineProperty(prototype, 'toBSON', {
      configurable: true,
      value() {
        return form(this);
      },
    });
    try {
      expectSame(() => document);
    } finally {
      delete prototype.toBSON;
    }
    expectSame(() => document);
  });

  test('what is enumerable on Object.prototype is no field', () => {
    for (let round = 0; round < ROUNDS; round++) ours(document);
    Object.prototype.polluted = 1;
    try {
      expectSame(() => document);
    } finally {
      delete Object.prototype.polluted;
    }
  });
});

describe('statements', () => {
  const encoded = (documents) =>
    BSON.deserialize(encode(codec, { insert: 'c', documents, ordered: true }, null));
  const parts = (list) => {
    try {
      return [encoded(new Statements(list))];
    } catch (error) {
      if (!(error instanceof StatementsSplit)) throw error;
      return error.parts.map(encoded);
    }
  };

  test('that fit are written into the command', () => {
    const list = Array.from({ length: 1200 }, (_, i) => ({ i }));
    expect(parts(list)).toEqual([{ insert: 'c', documents: list, ordered: true }]);
  });

  test('that do not fit become several commands, each written once', () => {
    let written = 0;
    const list = Array.from({ length: 400 }, (_, i) => ({
      i,
      toBSON: () => {
        written += 1;
        return { i, text: 'x'.repeat((i % 20) * 10_000) };
      },
    }));
    const made = parts(list);
    expect(made.map(({ documents }) => documents.length)).toEqual([178, 178, 44]);
    expect(made.flatMap(({ documents }) => documents.map(({ i }) => i))).toEqual(list.map(({ i }) => i));
    // As for every document: once as a value, and not again as what that gave.
    expect(written).toBe(400);
    for (const { documents } of made) {
      expect(BSON.calculateObjectSize({ documents })).toBeLessThanOrEqual(16 * MB);
    }
  });

  test('of sixteen megabytes each go alone; of more they are refused', () => {
    const full = { text: 'x'.repeat(16 * MB - 16) };
    expect(BSON.calculateObjectSize(full)).toBeLessThanOrEqual(16 * MB);
    expect(parts([{ a: 1 }, full, full, { b: 1 }]).map(({ documents }) => documents.length)).toEqual([
      1, 1, 1, 1,
    ]);
    for (const size of [16 * MB, 20 * MB, 40 * MB]) {
      expect(() => parts([{ a: 1 }, { text: 'x'.repeat(size) }])).toThrow(
        new mongoose.mongo.MongoInvalidArgumentError('Document is larger than the maximum size 16777216'),
      );
    }
  });
});
