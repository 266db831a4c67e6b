'use strict';

const { createClient } = require('../../lib/driver/client');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');
const { startReplicaSet } = require('../../scripts/replica-set');
const { mongo } = require('../support/both-drivers');

const { ReadPreference } = mongo;
const READS = 12;

let set;
let engine;
let members;
let client;

beforeAll(async () => {
  set = await startReplicaSet({ nodes: 3 });
  const admin = new mongo.MongoClient(set.uri);
  await tag(admin.db('admin'));
  engine = new Engine(set.uri, { serverSelectionTimeoutMS: 10_000 });
  client = createClient(engine, codecOf(mongo), { dbName: 'preferred' });
  await client
    .db()
    .collection('things')
    .insertMany([{ n: 1 }, { n: 2 }], { writeConcern: { w: 3 } });
  members = await Promise.all(set.members.map(({ port }) => member(port)));
  await admin.close();
}, 120_000);

afterAll(async () => {
  await client?.close(true);
  for (const { direct } of members ?? []) await direct.close();
  await set?.stop();
}, 60_000);

/** Each member gets a tag of its own, and none calls an election because of it. */
async function tag(admin) {
  const { config } = await admin.command({ replSetGetConfig: 1 });
  config.members.forEach((each, index) => {
    each.tags = { place: `p${index}`, kind: 'all' };
  });
  config.version += 1;
  await admin.command({ replSetReconfig: config });
}

async function member(port) {
  const direct = new mongo.MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
  const { isWritablePrimary, tags } = await direct.db('admin').command({ hello: 1 });
  return { direct, primary: isWritablePrimary, tags };
}

async function counts() {
  return await Promise.all(
    members.map(async ({ direct }) => {
      const { metrics } = await direct.db('admin').command({ serverStatus: 1 });
      const { find, aggregate, distinct, count, listCollections } = metrics.commands;
      return [find, aggregate, distinct, count, listCollections].reduce(
        (sum, { total }) => sum + Number(total),
        0,
      );
    }),
  );
}

/** The members that answered, by name: most of what they were asked came from here. */
async function whoAnswered(read) {
  const before = await counts();
  for (let i = 0; i < READS; i++) await read();
  const after = await counts();
  const asked = members.map((each, index) => ({ ...each, reads: after[index] - before[index] }));
  expect(asked.reduce((sum, { reads }) => sum + reads, 0)).toBeGreaterThanOrEqual(READS);
  // A server asks others now and then as well, for sessions and for the oplog.
  return asked.filter(({ reads }) => reads >= 3);
}

const placeOf = (index) => members[index].tags.place;
const secondary = () => members.findIndex(({ primary }) => !primary);
const things = (options, dbOptions) => client.db('preferred', dbOptions).collection('things', options);

describe('a read goes to a secondary when that is preferred', () => {
  const form = (readPreference) => [
    ['by the operation', () => things().findOne({}, { readPreference })],
    ['by the collection', () => things({ readPreference }).findOne({})],
    ['by the database', () => things({}, { readPreference }).find().toArray()],
  ];
  test.each([
    ...form('secondary').map(([how, run]) => [`${how}, by name`, run]),
    ...form({ mode: 'secondary', tags: undefined }).map(([how, run]) => [`${how}, as Mongoose has it`, run]),
    ...form(ReadPreference.secondaryPreferred).map(([how, run]) => [`${how}, as a class`, run]),
    ['by the cursor', () => things().find().withReadPreference('secondary').toArray()],
    ['of an aggregation', () => things().aggregate([], { readPreference: 'secondary' }).toArray()],
    ['for counting', () => things().countDocuments({}, { readPreference: 'secondary' })],
    ['for counting roughly', () => things().estimatedDocumentCount({ readPreference: 'secondary' })],
    ['for distinct values', () => things().distinct('n', {}, { readPreference: 'secondary' })],
    ['by a command', () => client.db().command({ find: 'things' }, { readPreference: 'secondary' })],
    ['for a list', () => client.db().listCollections({}, { readPreference: 'secondary' }).toArray()],
  ])('%s', async (_how, run) => {
    const answered = await whoAnswered(run);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.some(({ primary }) => primary)).toBe(false);
  });

  test('by the client', async () => {
    const preferring = createClient(engine, codecOf(mongo), {
      dbName: 'preferred',
      readPreference: 'secondary',
    });
    const answered = await whoAnswered(() => preferring.db().collection('things').findOne());
    expect(answered.some(({ primary }) => primary)).toBe(false);
    const { acknowledged } = await preferring.db().collection('written').insertOne({});
    expect(acknowledged).toBe(true);
  });
});

describe('a read goes to the primary', () => {
  test.each([
    ['when nothing is said', () => things().findOne()],
    ['when it is preferred', () => things().findOne({}, { readPreference: 'primaryPreferred' })],
    [
      'when the operation says so',
      () => things({ readPreference: 'secondary' }).findOne({}, { readPreference: 'primary' }),
    ],
    [
      'when it writes',
      () =>
        things()
          .aggregate([{ $out: 'copied' }], { readPreference: 'secondary' })
          .toArray(),
    ],
  ])('%s', async (_how, run) => {
    const answered = await whoAnswered(run);
    expect(answered.map(({ primary }) => primary)).toEqual([true]);
  });
});

describe('tags', () => {
  test('name the member', async () => {
    for (const index of [0, 1, 2]) {
      const readPreference = new ReadPreference('nearest', [{ place: placeOf(index), kind: 'all' }]);
      const answered = await whoAnswered(() => things().findOne({}, { readPreference }));
      expect(answered.map(({ tags }) => tags.place)).toEqual([placeOf(index)]);
    }
  });

  test('in the order of their sets', async () => {
    const place = placeOf(secondary());
    const readPreference = { mode: 'secondary', tags: [{ place: 'nowhere' }, { place }, {}] };
    const answered = await whoAnswered(() => things().findOne({}, { readPreference }));
    expect(answered.map(({ tags }) => tags.place)).toEqual([place]);
  });

  test('that nobody has are an error, or lead to the primary', async () => {
    const tags = [{ place: 'nowhere' }];
    const impatient = createClient(new Engine(set.uri, { serverSelectionTimeoutMS: 300 }), codecOf(mongo), {
      dbName: 'preferred',
    });
    const read = (mode) =>
      impatient
        .db()
        .collection('things')
        .findOne({}, { readPreference: new ReadPreference(mode, tags) });
    await expect(read('secondary')).rejects.toMatchObject({ name: 'MongoServerSelectionError' });
    await expect(read('secondaryPreferred')).resolves.toMatchObject({ n: 1 });
    await impatient.close(true);
  });
});

test('staleness is measured, and less than the driver can know is refused', async () => {
  const fresh = new ReadPreference('secondary', undefined, { maxStalenessSeconds: 90 });
  const answered = await whoAnswered(() => things().findOne({}, { readPreference: fresh }));
  expect(answered.some(({ primary }) => primary)).toBe(false);
  const tooFresh = new ReadPreference('secondary', undefined, { maxStalenessSeconds: 1 });
  await expect(things().findOne({}, { readPreference: tooFresh })).rejects.toThrow(/at least 90 seconds/);
});

test('hedging travels along', async () => {
  const hedged = new ReadPreference('secondaryPreferred', undefined, { hedge: { enabled: true } });
  // A secondary may have them in another order.
  const [first] = await things()
    .find({}, { readPreference: hedged, sort: { n: 1 } })
    .toArray();
  expect(first).toMatchObject({ n: 1 });
});

test('a cursor stays where it began', async () => {
  await things().insertMany(
    Array.from({ length: 50 }, (_, n) => ({ n })),
    { writeConcern: { w: 3 } },
  );
  const documents = await things().find({}, { readPreference: 'secondary', batchSize: 5 }).toArray();
  expect(documents.length).toBe(52);
});

describe('a read from a secondary that is behind', () => {
  const readPreference = 'secondary';
  let watched;
  let collection;
  let finds;
  beforeAll(() => {
    watched = createClient(new Engine(set.uri, { monitorCommands: true }), codecOf(mongo), {
      dbName: 'preferred',
    });
    watched.on('commandStarted', ({ command }) => command.find === 'written' && finds.push(command));
    collection = watched.db().collection('written');
  });
  beforeEach(async () => {
    finds = [];
    await replicate(false);
  });
  afterEach(() => replicate(true));
  afterAll(() => watched.close(true));

  /** Lets the secondaries follow the primary, or keeps them from it. */
  async function replicate(on) {
    const name = 'stopReplProducer';
    const secondaries = members.filter(({ primary }) => !primary).map(({ direct }) => direct.db('admin'));
    const mode = on ? 'off' : 'alwaysOn';
    const before = await Promise.all(
      secondaries.map((admin) => admin.command({ configureFailPoint: name, mode })),
    );
    if (on) return;
    await things().insertOne({}, { writeConcern: { w: 1 } });
    await Promise.all(
      secondaries.map((admin, i) =>
        admin.command({ waitForFailPoint: name, timesEntered: before[i].count + 1, maxTimeMS: 20_000 }),
      ),
    );
  }

  const write = async (_id, session) => {
    await collection.insertOne({ _id }, { session, writeConcern: { w: 1 } });
    return session.operationTime;
  };
  const read = (_id, options) => collection.findOne({ _id }, { readPreference, ...options });
  const times = () => finds.map(({ readConcern }) => readConcern?.afterClusterTime?.toString());

  test.each([
    ['that wrote', (writer) => writer],
    [
      'that was told the times of the one that wrote',
      (writer) => {
        const reader = watched.startSession();
        reader.advanceClusterTime(writer.clusterTime);
        reader.advanceOperationTime(writer.operationTime);
        return reader;
      },
    ],
  ])('waits for the write in a session %s', async (_id, readerOf) => {
    const writer = watched.startSession();
    const time = await write(_id, writer);
    const reader = readerOf(writer);
    let answered = false;
    const reading = read(_id, { session: reader }).finally(() => (answered = true));
    expect(await read(_id)).toBeNull();
    expect(answered).toBe(false);
    await replicate(true);
    expect(await reading).toEqual({ _id });
    expect(times().sort()).toEqual([time.toString(), undefined]);
    await Promise.all([writer.endSession(), reader.endSession()]);
  });

  test('does not wait in a session that is not to be consistent', async () => {
    const session = watched.startSession({ causalConsistency: false });
    await write('inconsistent', session);
    expect(await read('inconsistent', { session })).toBeNull();
    expect(await read('inconsistent', { session, readPreference: 'primary' })).toEqual({
      _id: 'inconsistent',
    });
    expect(times()).toEqual([undefined, undefined]);
    await session.endSession();
  });
});
