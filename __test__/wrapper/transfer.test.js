const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { parseOrdered, toBson } = require('../../lib/services/transfer/ejson-reader');
const { toExtendedJson } = require('../../lib/services/transfer/ejson-writer');
const { model, mongoose, wrappers } = require('./support/wrappers');

const { create } = wrappers('wcopy');
const { BSON } = mongoose.mongo;
const {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} = BSON;

let wrapper;
beforeAll(() => {
  wrapper = create();
  wrapper.wrapModel(model());
});
const db = (name) => wrapper.adv.getConnection(name).db;

/** Every type there is, and keys that JavaScript objects would rearrange. */
function everyType() {
  const fields = {
    _id: new ObjectId(),
    double: new Double(1),
    negativeZero: new Double(-0),
    notANumber: new Double(Number.NaN),
    infinite: new Double(Number.POSITIVE_INFINITY),
    huge: new Double(1.5e300),
    string: 'é "quoted" \u0000 😀',
    empty: {},
    list: [new Int32(1), [], [{ deep: null }]],
    binary: new Binary(Buffer.from('abc'), 0),
    old: new Binary(Buffer.from('abc'), 2),
    own: new Binary(Buffer.from('abc'), 128),
    uuid: new UUID(),
    true: true,
    false: false,
    date: new Date(),
    longAgo: new Date(-8.64e15),
    null: null,
    regExp: new BSONRegExp('a/"b', 'im'),
    code: new Code('x = 1'),
    scoped: new Code('x', { y: new Int32(1) }),
    int: new Int32(-5),
    timestamp: new Timestamp({ t: 4_294_967_295, i: 7 }),
    long: Long.MAX_VALUE,
    small: Long.fromNumber(3),
    decimal: Decimal128.fromString('1.10E+5'),
    min: new MinKey(),
    max: new MaxKey(),
    symbol: new BSONSymbol('s'),
    reference: new DBRef('other', new ObjectId(), 'elsewhere'),
  };
  return new Map([...Object.entries(fields), ['10', 1], ['2', 2], ['__proto__', { x: 1 }], ['', 1]]);
}

const bytesOf = async (name, collection) =>
  (await db(name).collection(collection).find({}, { raw: true }).sort({ _id: 1 }).toArray()).map((bytes) =>
    bytes.toString('hex'),
  );

/** A database with one of everything. */
async function fill(name) {
  const source = db(name);
  await source.command({ drop: 'every' }).catch(() => {});
  await source.createCollection('capped', { capped: true, size: 4096, max: 10 });
  await source.createCollection('collated', { collation: { locale: 'de', strength: 2 } });
  await source.createCollection('ruled', {
    validator: { $jsonSchema: { required: ['a'] } },
    validationLevel: 'strict',
  });
  await source.createCollection('series', {
    timeseries: { timeField: 't', metaField: 'm', granularity: 'hours' },
  });
  await source.createCollection('clustered', { clusteredIndex: { key: { _id: 1 }, unique: true } });
  await source.createCollection('view2', { viewOn: 'view1', pipeline: [{ $limit: 5 }] });
  await source.createCollection('view1', { viewOn: 'plain', pipeline: [{ $match: { n: { $gte: 0 } } }] });
  await source.collection('plain').createIndex({ n: 1, name: -1 }, { unique: true, name: 'own name' });
  await source.collection('plain').createIndex({ at: 1 }, { expireAfterSeconds: 3600 });
  await source.collection('plain').insertMany(Array.from({ length: 2500 }, (_, n) => ({ n, name: `n${n}` })));
  await source.collection('capped').insertMany([{ _id: 3 }, { _id: 1 }, { _id: 2 }]);
  await source.collection('ruled').insertOne({ b: 1 }, { bypassDocumentValidation: true });
  await source.collection('series').insertOne({ t: new Date(0), m: 1 });
  await source.collection('every').insertOne(everyType());
}

async function description(name) {
  const collections = await db(name).listCollections().toArray();
  const entries = collections
    .filter((collection) => !collection.name.startsWith('system.'))
    .map(async ({ name: collection, type, options }) => {
      const indexes = type === 'view' ? [] : await db(name).collection(collection).listIndexes().toArray();
      return [collection, { type, options, indexes: indexes.map(({ v, ...index }) => index) }];
    });
  return Object.fromEntries((await Promise.all(entries)).sort());
}

async function expectSame(source, target) {
  expect(await description(target)).toEqual(await description(source));
  for (const collection of ['every', 'plain', 'capped', 'ruled'])
    expect(await bytesOf(target, collection)).toEqual(await bytesOf(source, collection));
  const natural = (name) =>
    db(name)
      .collection('capped')
      .find()
      .map(({ _id }) => _id)
      .toArray();
  expect(await natural(target)).toEqual(await natural(source));
  expect(await db(target).collection('view2').countDocuments()).toBe(5);
  expect(await db(target).collection('series').countDocuments()).toBe(1);
}

describe('what is copied is the same, byte for byte', () => {
  beforeAll(() => fill('wcopy_source'));

  test('copyDatabase', async () => {
    const progress = [];
    const summary = await wrapper.actions.copyDatabase('wcopy_source', 'wcopy_target', {
      onProgress: (step) => progress.push(step),
    });
    await expectSame('wcopy_source', 'wcopy_target');
    expect(summary).toMatchObject({
      source: 'wcopy_source',
      target: 'wcopy_target',
      failures: [],
      insertedDocuments: 2506,
      createdIndexes: 2,
    });
    expect(summary.collections).toContainEqual({ collection: 'plain', documents: 2500, indexes: 2 });
    expect(
      progress.filter(({ collection }) => collection === 'plain').map(({ documents }) => documents),
    ).toEqual([1000, 2000, 2500]);
  });

  test('exportDBStream and importDBStream', async () => {
    const summary = await wrapper.actions.importDBStream(
      'wcopy_stream',
      wrapper.actions.exportDBStream('wcopy_source'),
    );
    await expectSame('wcopy_source', 'wcopy_stream');
    expect(summary).toMatchObject({ database: 'wcopy_stream', failures: [], insertedDocuments: 2506 });
  });

  test('exportDB and importDB, through JSON', async () => {
    const exported = JSON.parse(JSON.stringify(await wrapper.bulkTasks.export('wcopy_source')));
    expect(exported).toMatchObject({ database: 'wcopy_source', version: 2 });
    await wrapper.bulkTasks.import('wcopy_object', exported);
    expect(await description('wcopy_object')).toEqual(await description('wcopy_source'));
    expect(await bytesOf('wcopy_object', 'plain')).toEqual(await bytesOf('wcopy_source', 'plain'));
  });

  test('a client that reads 64-bit integers as bigint copies the same', async () => {
    const other = create({ useBigInt64: true, sharePool: false });
    other.wrapModel(model());
    await other.actions.copyDatabase('wcopy_source', 'wcopy_bigint');
    await expectSame('wcopy_source', 'wcopy_bigint');
  });
});

test('Extended JSON: there and back, and as the official library writes it', () => {
  const bytes = Buffer.from(BSON.serialize(everyType()));
  const text = toExtendedJson(bytes, BSON);
  expect(toBson(parseOrdered(text), BSON, true).equals(bytes)).toBe(true);
  const official = BSON.EJSON.stringify(BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true }), {
    relaxed: false,
  });
  expect(JSON.parse(text)).toEqual(JSON.parse(official));
  const twice = '{"a":{"$numberInt":"1"},"a":{"$numberInt":"2"}}';
  expect(toExtendedJson(toBson(parseOrdered(twice), BSON, true), BSON)).toBe(twice);
  for (const bad of ['{', '{"a":}', '{"a":1}x', '{a:1}', '[1,]', '{"a":01}', '', '{"a":{"$oid":"xyz"}}'])
    expect(() => toBson(parseOrdered(bad), BSON, true)).toThrow();
});

describe('counts are true, failures are listed', () => {
  test('one duplicate among fifty', async () => {
    const documents = Array.from({ length: 50 }, (_, _id) => ({ _id }));
    await db('wcopy_dup').collection('c').insertOne({ _id: 9 });
    const summary = await wrapper.actions.importDB('wcopy_dup', {
      collections: { c: { documents, indexes: [] } },
    });
    expect(summary).toMatchObject({
      insertedDocuments: 49,
      collections: [{ collection: 'c', documents: 49, indexes: 0 }],
    });
    expect(summary.failures).toEqual([
      { collection: 'c', stage: 'import', message: expect.stringContaining('E11000') },
    ]);
    expect(await db('wcopy_dup').collection('c').countDocuments()).toBe(50);
    await expect(
      wrapper.actions.importDBStream('wcopy_dup', wrapper.actions.exportDBStream('wcopy_dup'), {
        stopOnError: true,
      }),
    ).rejects.toThrow('E11000');
  });

  test('an index that cannot be built', async () => {
    const data = {
      collections: {
        c: { documents: [{ a: 1 }, { a: 1 }], indexes: [{ name: 'a_1', key: { a: 1 }, unique: true }] },
      },
    };
    const summary = await wrapper.actions.importDB('wcopy_index', data);
    expect(summary).toMatchObject({
      insertedDocuments: 2,
      createdIndexes: 0,
      failures: [{ collection: 'c', stage: 'index' }],
    });
  });
});

describe('copyDatabase refuses', () => {
  test('one name twice, nothing to copy, a target that holds documents', async () => {
    const { copyDatabase } = wrapper.actions;
    await db('wcopy_a').collection('c').insertOne({ _id: 1, from: 'a' });
    await db('wcopy_b')
      .collection('c')
      .insertMany([{ _id: 1, from: 'b' }, { _id: 2 }]);
    await expect(copyDatabase('wcopy_a', 'wcopy_a')).rejects.toThrow('names one database twice');
    await expect(copyDatabase('wcopy_absent', 'wcopy_a')).rejects.toThrow('found nothing');
    await expect(copyDatabase('wcopy_a', 'wcopy_b')).rejects.toMatchObject({ code: 'COPY_TARGET_NOT_EMPTY' });
    await expect(copyDatabase('wcopy_a', 'wcopy_b', { onExisting: 'overwrite' })).rejects.toThrow(
      'onExisting must be',
    );
    await expect(copyDatabase('wcopy_a', 'wcopy_b', { merg: true })).rejects.toThrow('did you mean "merge"?');
    expect(await copyDatabase('wcopy_a', 'wcopy_b', { merge: true })).toMatchObject({
      insertedDocuments: 0,
      failures: [expect.anything()],
    });
    expect(await db('wcopy_b').collection('c').countDocuments()).toBe(2);
    await copyDatabase('wcopy_a', 'wcopy_b', { drop: true });
    expect(await db('wcopy_b').collection('c').find().toArray()).toEqual([{ _id: 1, from: 'a' }]);
  });
});

describe('older forms', () => {
  const v1 = [
    '{"type":"meta","format":"polymongo.ndjson","version":1,"database":"x","exportedAt":"2026-04-15T00:00:00.000Z"}',
    '{"type":"collection","collection":"users"}',
    '{"type":"index","collection":"users","index":{"v":2,"name":"email_1","key":{"email":1},"unique":true}}',
    '{"type":"document","collection":"users","document":{"_id":"1","email":"a@b.c","10":1,"2":2}}',
    '{"type":"collectionEnd","collection":"users"}',
  ];

  test('version 1 is read and written', async () => {
    const summary = await wrapper.actions.importDBStream(
      'wcopy_v1',
      Readable.from(v1.map((line) => `${line}\n`)),
    );
    expect(summary).toMatchObject({ insertedDocuments: 1, createdIndexes: 1, failures: [] });
    const lines = [];
    await pipeline(wrapper.actions.exportDBStream('wcopy_v1', { version: 1 }), async (chunks) => {
      for await (const chunk of chunks) lines.push(chunk);
    });
    expect(lines.join('')).toContain('"version":1');
    expect(lines.join('')).toContain('"email":"a@b.c"');
    const old = create({ compat: '1.3', defaultDB: undefined });
    old.wrapModel(model());
    const first = await new Promise((resolve) =>
      old.actions.exportDBStream('wcopy_v1').once('data', resolve),
    );
    expect(JSON.parse(first)).toMatchObject({ type: 'meta', version: 1 });
  });

  test('the one document of 1.2 is read, over several lines too', async () => {
    const data = {
      database: 'x',
      collections: { users: { documents: [{ _id: 1 }, { _id: 2 }], indexes: [] } },
    };
    for (const text of [JSON.stringify(data), JSON.stringify(data, null, 2)]) {
      const summary = await wrapper.actions.importDBStream('wcopy_v0', Readable.from([text]));
      expect(summary.collections).toHaveLength(1);
    }
    expect(await db('wcopy_v0').collection('users').countDocuments()).toBe(2);
  });
});

describe('bad input', () => {
  test.each([
    ['not json', 'neither lines'],
    ['{"type":"document","collection":"c","document":{}}', 'before the "meta" record'],
    ['{"type":"meta","format":"polymongo.ndjson","version":9}', 'versions 1 and 2'],
    [
      '{"type":"meta","format":"polymongo.ndjson","version":2}\n{"type":"document","collection":"c","document":{}}',
      'belongs to collection',
    ],
    ['{"type":"meta","format":"polymongo.ndjson","version":2}\n{"type":"collection"', 'Line 2'],
  ])('%s', async (text, message) => {
    await expect(wrapper.actions.importDBStream('wcopy_bad', Readable.from([text]))).rejects.toThrow(message);
  });

  test('arguments', async () => {
    const { actions } = wrapper;
    await expect(actions.importDBStream('wcopy_bad', 'text')).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
    });
    await expect(actions.importDB('wcopy_bad', {})).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    await expect(actions.importDB('wcopy_bad', null)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    await expect(actions.importDB('wcopy_bad', { collections: {} }, { batchSize: 0 })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await expect(actions.exportDB('a b')).rejects.toMatchObject({ code: 'INVALID_DATABASE_NAME' });
    expect(() => actions.exportDBStream('a b')).toThrow(
      expect.objectContaining({ code: 'INVALID_DATABASE_NAME' }),
    );
    expect(() => actions.exportDBStream('a', { version: 3 })).toThrow(
      'version of exportDBStream() must be 1 or 2',
    );
  });

  test('a stream that breaks is no whole export', async () => {
    const lines = async function* () {
      yield '{"type":"meta","format":"polymongo.ndjson","version":2}\n{"type":"collection","collection":"c"}\n';
      throw new Error('torn');
    };
    await expect(wrapper.actions.importDBStream('wcopy_torn', Readable.from(lines()))).rejects.toThrow(
      'torn',
    );
  });

  test('an export that nobody reads starts nothing', async () => {
    const other = create({ sharePool: false });
    other.wrapModel(model());
    const stream = other.actions.exportDBStream('wcopy_unread');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(other.getConnectionState()).toBe('not initialized');
    stream.destroy();
  });
});
