'use strict';

const { createClient } = require('../../lib/driver/client');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');
const { SOURCES } = require('../../lib/protocol/monitoring-events');
const { lockFailPoints, unlockFailPoints } = require('../support/fail-points');
const mongoose = require('../support/mongoose');
const { until } = require('../support/until');

const { mongo } = mongoose;
const { BSON } = mongo;
const uri = process.env.POLYMONGO_TEST_URI;

/** Commands that only one of the two sends, or sends when it likes. */
const ASIDE = new Set(['hello', 'endSessions', 'killCursors', 'ping']);

function ourClient(options = {}) {
  const engine = new Engine(uri, { monitorCommands: true, heartbeatFrequencyMS: 500, ...options });
  return createClient(engine, codecOf(mongo), { ...options, dbName: 'monitoring' });
}

function officialClient() {
  return new mongo.MongoClient(uri, { monitorCommands: true, heartbeatFrequencyMS: 500 });
}

function listenTo(client, names = SOURCES.keys()) {
  const events = [];
  for (const name of names) client.on(name, (event) => events.push(event));
  return events;
}

/** Everything that both drivers report something about. */
async function work(client, dbName) {
  const events = listenTo(client);
  await client.connect();
  const db = client.db(dbName);
  await db.collection('a').insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  await db.collection('a').find({}, { batchSize: 2 }).toArray();
  await db.command({ nonsense: 1 }).catch(() => {});
  await db.command({ createUser: 'someone', pwd: 'canary', roles: [] });
  await db.command({ createUser: 'someone', pwd: 'canary', roles: [] }).catch(() => {});
  await db.command({ dropUser: 'someone' });
  await db.dropDatabase();
  await until(() => events.some(({ name }) => name === 'serverHeartbeatSucceeded'), 10_000);
  await client.close();
  await until(() => events.some(({ name }) => name === 'topologyClosed'), 10_000);
  return events;
}

const keysOf = (event) => Object.keys(event).sort();

describe('side by side with the official driver', () => {
  let ours;
  let theirs;
  beforeAll(async () => {
    ours = await work(ourClient(), 'monitoring_ours');
    theirs = await work(officialClient(), 'monitoring_their');
  });

  test.each([...SOURCES.keys()])('%s has the same class and properties', (name) => {
    const [mine] = ours.filter((event) => event.name === name);
    const [their] = theirs.filter((event) => event.name === name);
    expect(mine === undefined).toBe(their === undefined);
    if (their === undefined) return;
    expect(mine.constructor).toBe(their.constructor);
    expect(keysOf(mine)).toEqual(keysOf(their));
    for (const key of keysOf(mine)) expect([key, typeof mine[key]]).toEqual([key, typeof their[key]]);
  });

  test('the same commands are reported in the same order', () => {
    const of = (events) =>
      events
        .filter(({ commandName }) => commandName !== undefined && !ASIDE.has(commandName))
        .map(({ name, commandName, databaseName }) => [
          name,
          commandName,
          databaseName.replace(/_(ours|their)$/, ''),
        ]);
    expect(of(ours)).toEqual(of(theirs));
  });

  test('pools, connections and servers come and go in the same numbers', () => {
    const count = (events) => {
      const counts = {};
      for (const { name } of events)
        if (/^(connection|server|topology)(Pool|Ready|Closed|Opening|Created)/.test(name))
          counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    };
    expect(count(ours)).toEqual(count(theirs));
  });

  test('nothing sensitive is shown', () => {
    const sensitive = (events) =>
      events
        .filter(({ commandName }) => commandName === 'createUser')
        .map(({ name, command, commandObj, reply, failure }) => ({
          name,
          command,
          commandObj,
          reply,
          failure,
        }));
    expect(sensitive(ours)).toEqual(sensitive(theirs));
    expect(sensitive(ours)).toHaveLength(4);
    expect(BSON.EJSON.stringify(ours.map(({ command }) => command ?? null))).not.toContain('canary');
  });

  test('a failure is the error that the caller gets', () => {
    const [mine, their] = [ours, theirs].map((events) =>
      events.find(({ name, commandName }) => name === 'commandFailed' && commandName === 'nonsense'),
    );
    expect(mine.failure).toBeInstanceOf(mongo.MongoServerError);
    expect(mine.failure).toMatchObject({
      code: their.failure.code,
      codeName: their.failure.codeName,
      message: their.failure.message,
    });
  });
});

describe('a client of the engine', () => {
  let client;
  let collection;
  beforeEach(async () => {
    client = ourClient();
    collection = client.db().collection('things');
    await collection.deleteMany({});
  });
  afterEach(() => client.close(true));

  test('shows what was sent, whatever its fields are called', async () => {
    const events = listenTo(client, ['commandStarted', 'commandSucceeded']);
    const document = {
      _id: 1,
      inner: { $date: 'never' },
      also: { $oid: 5, $numberLong: 'x' },
      long: mongo.Long.fromNumber(5),
      double: 1.5,
      when: new Date(0),
      binary: new mongo.Binary(Buffer.from([1])),
      key: mongo.MinKey ? new mongo.MinKey() : null,
    };
    await collection.insertOne(document);
    await collection.findOne({ _id: 1 });
    const insert = events.find(({ command }) => command?.insert === 'things');
    expect(insert.command.documents).toEqual([document]);
    const found = events.find(
      ({ name, commandName }) => name === 'commandSucceeded' && commandName === 'find',
    );
    expect(found.reply.cursor.firstBatch[0].inner).toEqual({ $date: 'never' });
  });

  test('is told before the caller goes on', async () => {
    const events = listenTo(client, ['commandStarted', 'commandSucceeded', 'commandFailed']);
    for (let i = 0; i < 50; i++) {
      events.length = 0;
      await collection.findOne({ _id: i });
      expect(events.map(({ name }) => name)).toEqual(['commandStarted', 'commandSucceeded']);
      events.length = 0;
      await expect(client.db().command({ nonsense: 1 })).rejects.toThrow();
      expect(events.map(({ name }) => name)).toEqual(['commandStarted', 'commandFailed']);
    }
  });

  test('costs nothing while nobody listens', async () => {
    const { engine } = client.s;
    const made = [];
    const { emit } = engine;
    engine.emit = function count(type, ...rest) {
      made.push(type);
      return emit.call(this, type, ...rest);
    };
    const kinds = ['command', 'connection', 'heartbeat', 'servers'];
    const listener = () => {};
    await collection.findOne();
    expect(made.filter((type) => kinds.includes(type))).toEqual([]);

    client.on('commandStarted', listener);
    client.on('connectionCheckedOut', listener);
    await collection.findOne();
    await until(() => made.includes('connection'), 10_000);
    expect(made).toContain('command');
    expect(made).not.toContain('heartbeat');

    client.off('commandStarted', listener);
    client.off('connectionCheckedOut', listener);
    // The first event that nobody hears any more ends it.
    await collection.findOne();
    await until(() => engine.listenerCount('connection') === 0, 10_000);
    made.length = 0;
    await collection.findOne();
    await collection.findOne();
    expect(made.filter((type) => kinds.includes(type))).toEqual([]);
  });

  test('a broken connection clears the pool', async () => {
    const events = listenTo(client, ['connectionPoolCleared', 'connectionClosed', 'connectionPoolReady']);
    const admin = client.db('admin');
    await lockFailPoints();
    await admin.command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['whatsmyuri'], closeConnection: true },
    });
    await expect(admin.command({ whatsmyuri: 1 })).rejects.toBeInstanceOf(mongo.MongoNetworkError);
    unlockFailPoints();
    await until(() => events.some(({ name }) => name === 'connectionPoolCleared'), 10_000);
    await until(() => events.some(({ reason }) => reason === 'error' || reason === 'stale'), 10_000);
    expect(events.find(({ name }) => name === 'connectionPoolCleared')).toMatchObject({
      interruptInUseConnections: false,
      serviceId: undefined,
    });
  }, 120_000);
});

describe("Mongoose's connection", () => {
  let base;
  let connection;
  beforeEach(async () => {
    base = new mongoose.Mongoose();
    base.setDriver(require('../../driver')(base));
    connection = base.createConnection(uri, {
      dbName: 'monitoring',
      monitorCommands: true,
      heartbeatFrequencyMS: 500,
    });
    await connection.asPromise();
  });
  afterEach(() => connection.close());

  test('relays the commands', async () => {
    const events = [];
    for (const name of ['commandStarted', 'commandSucceeded', 'commandFailed'])
      connection.on(name, (event) => events.push(event));
    await connection.db.command({ ping: 1 });
    await connection.db.command({ nonsense: 1 }).catch(() => {});
    expect(events.map(({ name, commandName }) => [name, commandName])).toEqual([
      ['commandStarted', 'ping'],
      ['commandSucceeded', 'ping'],
      ['commandStarted', 'nonsense'],
      ['commandFailed', 'nonsense'],
    ]);
  });

  test('hears of every heartbeat, and stays connected', async () => {
    const beats = new Set();
    await until(() => {
      if (connection._lastHeartbeatAt !== null) beats.add(connection._lastHeartbeatAt);
      expect(connection.readyState).toBe(1);
      return beats.size >= 4;
    }, 10_000);
  });

  test('is not taken for connected after the process was frozen, until a server is heard of', async () => {
    const Thing = connection.model('Thing', new base.Schema({ name: String }));
    await Thing.init();
    await until(() => connection._lastHeartbeatAt !== null, 10_000);
    connection._lastHeartbeatAt -= 60_000;
    expect(connection.readyState).toBe(0);
    expect(await Thing.countDocuments()).toBe(0);
    await until(() => connection.readyState === 1, 10_000);
  });
});
