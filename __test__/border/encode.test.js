'use strict';

const { codec, mongo, openEngine } = require('./engine');

const { BSON } = mongo;

let border;
beforeAll(() => {
  border = openEngine('encode');
});
afterAll(() => border.close());

const stored = async (_id) => (await border.find({ filter: { _id } })).documents[0];

describe('depth', () => {
  const nested = (levels) => {
    let document = { end: true };
    for (let i = 1; i < levels; i++) document = { a: document };
    return document;
  };

  test('what the server takes is sent', async () => {
    expect(await border.insert([{ _id: 'deep', a: nested(179) }])).toMatchObject({ n: 1 });
    expect(await stored('deep')).toEqual({ _id: 'deep', a: nested(179) });
    await expect(border.find({ filter: { a: { $eq: nested(198) } } })).resolves.toBeDefined();
  });

  test('what it refuses, a command of more than 200 levels, is refused here', async () => {
    await expect(border.find({ filter: { a: { $eq: nested(199) } } })).rejects.toMatchObject({
      name: 'MongoInvalidArgumentError',
      message: expect.stringContaining('200 levels'),
    });
  });

  test.each([1_000, 100_000])('%d levels do no harm', async (levels) => {
    await expect(border.insert([nested(levels)])).rejects.toThrow();
    await expect(border.run({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });
});

describe('size', () => {
  const MB = 1024 * 1024;

  test('sixteen megabytes are sent', async () => {
    expect(await border.insert([{ _id: 'full', text: 'x'.repeat(16 * MB - 100) }])).toMatchObject({ n: 1 });
    expect((await stored('full')).text).toHaveLength(16 * MB - 100);
  });

  test.each([
    ['a little more', (size) => [{ text: 'x'.repeat(size) }], 16 * MB + 16 * 1024],
    ['more than the library can hold', (size) => [{ text: 'x'.repeat(size) }], 20 * MB],
    ['much in many documents', (size) => new Array(20).fill({ text: 'x'.repeat(size / 20) }), 40 * MB],
    ['much in one buffer', (size) => [{ bytes: Buffer.alloc(size) }], 18 * MB],
  ])('%s is refused before it is sent', async (_name, documents, size) => {
    const error = await border.insert(documents(size)).catch((reason) => reason);
    expect(error.name).toBe('RangeError');
    expect(error.code).toBe('ERR_OUT_OF_RANGE');
    expect(error.message).toMatch(
      /^The command takes \d{8} bytes of BSON, but MongoDB accepts at most 16793600/,
    );
  });
});

describe('toBSON()', () => {
  test('may start operations of its own', async () => {
    const answers = [];
    const reentrant = (text) => ({
      toBSON() {
        answers.push(border.insert([{ _id: `inner ${text}`, text: text.repeat(100) }]));
        answers.push(border.find({ filter: { text } }));
        return { text };
      },
    });
    const documents = [
      { _id: 'outer', before: 'b'.repeat(50), a: reentrant('a'), after: 1, b: reentrant('b') },
    ];
    await border.insert(documents);
    await Promise.all(answers);
    expect(await stored('outer')).toEqual({
      _id: 'outer',
      before: 'b'.repeat(50),
      a: { text: 'a' },
      after: 1,
      b: { text: 'b' },
    });
    expect(await stored('inner a')).toEqual({ _id: 'inner a', text: 'a'.repeat(100) });
  });

  test('may throw what it likes', async () => {
    const refusing = {
      toBSON() {
        throw new RangeError('Not today');
      },
    };
    await expect(border.insert([{ refusing }])).rejects.toThrow(new RangeError('Not today'));
    await expect(border.insert([{ _id: 'next' }])).resolves.toMatchObject({ n: 1 });
  });
});

test('options decide what becomes of undefined values and functions', async () => {
  const document = { _id: 'options', nothing: undefined, run: () => 1 };
  const insert = (id, bson) => border.insert([{ ...document, _id: id }], { bson });
  await insert('default', null);
  expect(await stored('default')).toEqual({ _id: 'default', nothing: null });
  await insert('ignored', { ignoreUndefined: true });
  expect(await stored('ignored')).toEqual({ _id: 'ignored' });
  await insert('functions', { serializeFunctions: true });
  expect((await stored('functions')).run).toBeInstanceOf(BSON.Code);
  await expect(insert('keys', { checkKeys: true })).resolves.toMatchObject({ n: 1 });
  await expect(border.insert([{ 'a.b': 1 }], { bson: { checkKeys: true } })).rejects.toThrow(
    /must not contain '\.'/,
  );
});

test('types of another BSON library are refused', async () => {
  const foreign = codec.BSON === require('mongoose').mongo.BSON ? require('mongoose8') : require('mongoose');
  await expect(border.insert([{ _id: new foreign.mongo.ObjectId() }])).rejects.toMatchObject({
    name: 'BSONVersionError',
  });
});
