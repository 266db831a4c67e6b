'use strict';

const { mongo, openBoth } = require('../support/both-drivers');

let both;
beforeAll(async () => {
  both = await openBoth('database');
  for (const { collection } of [both.ours, both.official]) await collection.insertMany([{ n: 1 }, { n: 2 }]);
});
afterAll(() => both.close());

describe('indexes', () => {
  test.each([
    ['an object', { a: 1, b: -1 }, {}],
    ['a field', 'c', {}],
    ['a list', ['d', ['e', -1], { f: 1 }], {}],
    ['a pair', ['g', 'text'], {}],
    [
      'a map',
      new Map([
        ['h', 1],
        ['i', 1],
      ]),
      {},
    ],
    [
      'options',
      { j: 1 },
      { unique: true, sparse: true, name: 'mine', expireAfterSeconds: 10, background: true, unknown: 1 },
    ],
    [
      'a partial one',
      { k: 1 },
      { partialFilterExpression: { k: { $gt: 1 } }, collation: { locale: 'en' }, writeConcern: { w: 1 } },
    ],
    ['one that fails', { n: 'nope' }, {}],
  ])('createIndex: %s', async (_name, specification, options) => {
    await both.sameCommands(({ collection }) => collection.createIndex(specification, options));
  });

  test('the others', async () => {
    await both.same(({ collection }) =>
      collection.createIndexes([{ key: { x: 1 } }, { key: { y: 1 }, name: 'y' }]),
    );
    await both.same(({ collection }) => collection.indexes());
    await both.same(({ collection }) => collection.indexInformation());
    await both.same(({ collection }) => collection.indexInformation({ full: true }));
    await both.same(({ collection }) => collection.indexExists(['x_1', 'y']));
    await both.same(({ collection }) => collection.indexExists('nope'));
    await both.same(async ({ collection }) => (await collection.dropIndex('x_1')).ok);
    await both.same(({ collection }) => collection.dropIndex('nope'));
    await both.same(({ collection }) => collection.dropIndexes());
    await both.same(({ db }) => db.collection('absent').dropIndexes());
    await both.same(({ db }) => db.createIndex('things', { z: 1 }));
    await both.same(({ db }) => db.indexInformation('things'));
    await both.same(({ db }) => db.collection('absent').indexes());
  });
});

describe('collections', () => {
  test('are made, listed, described, renamed and dropped', async () => {
    const names = ({ db }) =>
      db
        .listCollections()
        .toArray()
        .then((all) => all.map(({ name }) => name).sort());
    await both.sameCommands(async ({ db }) => {
      const options = {
        capped: true,
        size: 4096,
        max: 5,
        collation: { locale: 'en' },
        autoIndex: true,
        autoCreate: false,
      };
      const { autoIndex, autoCreate, ...known } = options;
      return (await db.createCollection('capped', db === both.ours.db ? options : known)).collectionName;
    });
    await both.same(({ db }) => db.collection('capped').isCapped());
    await both.same(({ db }) => db.collection('capped').options());
    await both.same(({ db }) => db.collection('absent').options());
    await both.same(({ db }) => db.createCollection('capped', { capped: true, size: 8192 }));
    await both.same(names);
    await both.same(async ({ db }) => (await db.collection('capped').rename('renamed')).collectionName);
    await both.same(async ({ db }) => (await db.renameCollection('renamed', 'again')).namespace);
    await both.same(({ db }) => db.collection('absent').rename('renamed'));
    await both.same(names);
    await both.same(async ({ db }) =>
      (await db.collections()).map(({ collectionName }) => collectionName).sort(),
    );
    await both.same(({ db }) => db.dropCollection('again'));
    await both.same(({ db }) => db.collection('things').drop());
    await both.same(names);
  });

  test('dropping what is not there says so', async () => {
    expect(await both.ours.db.dropCollection('absent')).toBe(false);
  });
});

describe('commands', () => {
  test.each([
    ['command', ({ db }) => db.command({ ping: 1 })],
    ['command that fails', ({ db }) => db.command({ nope: 1 })],
    ['stats', async ({ db }) => (await db.stats({ scale: 1024 })).db],
    ['profilingLevel', ({ db }) => db.profilingLevel()],
    ['setProfilingLevel', ({ db }) => db.setProfilingLevel('off')],
    ['setProfilingLevel that is none', ({ db }) => db.setProfilingLevel('nope')],
    ['ping', ({ db }) => db.admin().ping()],
    ['buildInfo', async ({ db }) => (await db.admin().buildInfo()).version],
    ['serverInfo', async ({ db }) => (await db.admin().serverInfo()).version],
    ['serverStatus', async ({ db }) => (await db.admin().serverStatus()).process],
    ['replSetGetStatus', async ({ db }) => (await db.admin().replSetGetStatus()).set],
    ['an admin command', async ({ db }) => (await db.admin().command({ buildInfo: 1 })).ok],
    [
      'listDatabases',
      ({ db }) => db.admin().listDatabases({ nameOnly: true, filter: { name: db.databaseName } }),
    ],
    ['removeUser of nobody', ({ db }) => db.removeUser('nobody')],
    ['a database name with a dot', async ({ client }) => client.db('a.b')],
    ['a callback', async ({ db }) => db.collection('things', () => {})],
  ])('%s', async (_name, run) => {
    await both.same(run);
  });

  test('validateCollection', async () => {
    const { collection, db } = both.ours;
    await collection.insertOne({});
    expect(await db.admin().validateCollection('things', { full: true, unknown: 1 })).toMatchObject({
      valid: true,
      nrecords: 1,
    });
    await expect(db.admin().validateCollection('absent')).rejects.toMatchObject({
      codeName: 'NamespaceNotFound',
    });
  });
});

describe('the objects', () => {
  test('say what they are', async () => {
    await both.same(async ({ client, db, collection }) => [
      collection.collectionName,
      collection.dbName,
      collection.namespace,
      db.databaseName,
      db.namespace,
      client.db('other').databaseName,
      String(collection.fullNamespace),
    ]);
  });

  test('inherit read preference and concerns, from client to operation', async () => {
    const clients = await openBoth('inherit', {
      readPreference: 'secondaryPreferred',
      readConcern: { level: 'majority' },
      writeConcern: { w: 1, wtimeoutMS: 500 },
      promoteLongs: false,
    });
    await clients.same(async ({ db, client, collection }) => {
      const own = db.collection('own', {
        readPreference: 'nearest',
        writeConcern: { w: 'majority' },
        promoteLongs: true,
      });
      return [client, db, collection, own].map(
        ({ readPreference, readConcern, writeConcern, bsonOptions }) => [
          readPreference,
          readConcern,
          writeConcern,
          bsonOptions.promoteLongs,
        ],
      );
    });
    await clients.sameCommands(async ({ collection }) => {
      await collection.insertOne({ _id: 1 });
      await collection.updateOne(
        { _id: 1 },
        { $set: { a: 1 } },
        { writeConcern: { w: 'majority', j: true } },
      );
      await collection.findOneAndUpdate({ _id: 1 }, { $set: { a: 2 } });
      await collection.findOne({}, { readConcern: { level: 'local' } });
      await collection.countDocuments();
      await collection.estimatedDocumentCount();
      await collection.distinct('a');
      await collection.deleteOne({ _id: 1 });
    });
    await clients.close();
  });

  test('a client facade’s database without a name is its own', async () => {
    const { client } = both.ours;
    const facade = client.boundTo('drv_database_facade');
    expect(facade.db().databaseName).toBe('drv_database_facade');
    expect(facade.db('x').databaseName).toBe('x');
    expect(client.db().databaseName).toBe('drv_database_ours');
    facade._closeCalled = true;
    expect(client._closeCalled).toBeUndefined();
    expect(facade.topology.s.description.type).toMatch(/ReplicaSet|Unknown/);
  });
});

describe('BSON options', () => {
  const { Long, Double, Int32 } = mongo;
  const document = () => ({
    _id: 1,
    long: Long.fromString('9007199254740993'),
    small: Long.fromNumber(5),
    double: new Double(2),
    int: new Int32(3),
    bytes: Buffer.from('abc'),
    pattern: /a/i,
    gone: undefined,
  });

  beforeAll(async () => {
    for (const { db } of [both.ours, both.official]) await db.collection('types').insertOne(document());
  });

  test.each([
    ['defaults', {}],
    ['promoteLongs', { promoteLongs: false }],
    ['promoteValues', { promoteValues: false }],
    ['promoteBuffers', { promoteBuffers: true }],
    ['useBigInt64', { useBigInt64: true }],
    ['bsonRegExp', { bsonRegExp: true }],
    ['raw', { raw: true }],
  ])('%s', async (_name, options) => {
    await both.same(({ db }) => db.collection('types').findOne({}, options));
    await both.same(({ db }) => db.collection('types').find({}, options).toArray());
    await both.same(({ db }) => db.collection('types', options).aggregate([]).toArray());
    await both.same(({ db }) => db.collection('types').findOneAndUpdate({}, { $set: { x: 1 } }, options));
  });

  test('ignoreUndefined', async () => {
    await both.same(async ({ db }) => {
      const types = db.collection('undefined', { ignoreUndefined: true });
      await types.insertOne({ _id: 1, gone: undefined });
      await types.insertOne({ _id: 2, gone: undefined }, { ignoreUndefined: false });
      return await types.find().toArray();
    });
    await both.same(({ db }) =>
      db.collection('types').updateOne({}, { $set: undefined }, { ignoreUndefined: true }),
    );
  });
});
