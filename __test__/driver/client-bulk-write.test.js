'use strict';

const { createClient } = require('../../lib/driver/client');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');
const { mongo, openBoth } = require('../support/both-drivers');
const mongoose = require('../support/mongoose');
const { BulkServer } = require('./support/bulk-server');

const { BSON } = mongo;

const models = () => [
  { name: 'insertOne', namespace: 'a.things', document: { _id: 1 } },
  { name: 'insertOne', namespace: 'b.things', document: { _id: 2 } },
  { name: 'updateMany', namespace: 'a.things', filter: {}, update: { $set: { n: 1 } } },
  { name: 'deleteOne', namespace: 'b.things', filter: { _id: 2 } },
  { name: 'insertOne', namespace: 'a.things', document: { _id: 5 } },
];
const failing = () =>
  models().toSpliced(2, 1, {
    name: 'insertOne',
    namespace: 'a.things',
    document: { _id: 3, fails: true },
  });

describe('on MongoDB 8.0', () => {
  let server;
  let clients;
  beforeAll(async () => {
    server = new BulkServer(BSON);
    await server.start();
    const ours = createClient(new Engine(server.uri, {}), codecOf(mongo), {});
    const official = new mongo.MongoClient(server.uri);
    clients = { ours, official };
  });
  afterAll(async () => {
    await clients.ours.close(true);
    await clients.official.close();
    await server.stop();
  });
  beforeEach(() => {
    server.failsGetMore = false;
  });

  const shownError = (error) => {
    const { name, message, code, writeErrors, writeConcernErrors, partialResult, cause } = error;
    return {
      ...{ name, message, code, writeErrors, writeConcernErrors, partialResult },
      cause: cause && { name: cause.name, message: cause.message, code: cause.code },
    };
  };

  async function outcome(run, client) {
    server.commands.length = 0;
    const answer = await run(client).then(
      (value) => ({ value }),
      (error) => ({ error: shownError(error) }),
    );
    return answer;
  }

  async function same(run) {
    const mine = await outcome(run, clients.ours);
    expect(mine).toEqual(await outcome(run, clients.official));
    return mine;
  }

  test('all results are read, in the session that the command had', async () => {
    const { value } = await same((client) => client.bulkWrite(models(), { verboseResults: true }));
    await outcome((client) => client.bulkWrite(models(), { verboseResults: true }), clients.ours);
    const commands = server.commands.map((command) => Object.keys(command)[0]);
    expect(commands).toEqual(['bulkWrite', 'getMore', 'getMore']);
    expect([value.insertResults.size, value.updateResults.size, value.deleteResults.size]).toEqual([3, 1, 1]);
  });

  test('also of statements that can be repeated, which have a session of the engine', async () => {
    const single = () => models().filter(({ name }) => name !== 'updateMany');
    await same((client) => client.bulkWrite(single(), { verboseResults: true }));
    await outcome((client) => client.bulkWrite(single()), clients.ours);
    expect(server.commands[0].txnNumber).toBeDefined();
  });

  test("in a user's session and its transaction", async () => {
    await same((client) =>
      client.withSession((session) => client.bulkWrite(models(), { session, verboseResults: true })),
    );
    await same((client) =>
      client.withSession((session) =>
        session.withTransaction(() => client.bulkWrite(models(), { session, verboseResults: true })),
      ),
    );
  });

  test.each([
    ['ordered', {}],
    ['unordered', { ordered: false }],
    ['verbose', { ordered: false, verboseResults: true }],
  ])('failures of statements, %s', async (_name, options) => {
    const { error } = await same((client) => client.bulkWrite(failing(), options));
    expect(error.name).toBe('MongoClientBulkWriteError');
    expect([...error.writeErrors.keys()]).toEqual([2]);
  });

  test('a failure to read on keeps what came before', async () => {
    server.failsGetMore = true;
    const ours = await outcome(
      (client) => client.bulkWrite(models(), { verboseResults: true }),
      clients.ours,
    );
    const their = await outcome(
      (client) => client.bulkWrite(models(), { verboseResults: true }),
      clients.official,
    );
    expect(ours.error.cause).toEqual(their.error.cause);
    expect(ours.error.message).toBe(their.error.message);
    expect(ours.error.partialResult.insertResults).toEqual(their.error.partialResult.insertResults);
  });

  test('through a Mongoose connection', async () => {
    const base = new mongoose.Mongoose();
    base.setDriver(require('../../driver')(base));
    const connection = await base
      .createConnection(server.uri, { dbName: 'a', autoCreate: false, autoIndex: false })
      .asPromise();
    const Thing = connection.model('Thing', new base.Schema({ n: Number }), 'things');
    const writes = [1, 2, 3].map((n) => ({ model: Thing, name: 'insertOne', document: { n } }));
    const result = await connection.bulkWrite(writes, { verboseResults: true });
    expect(result.insertedCount).toBe(3);
    expect(result.insertResults.size).toBe(3);
    await connection.close();
  });
});

test('a server that is too old says so, as with the official driver', async () => {
  const both = await openBoth('client_bulk');
  const { error } = await both.same(async ({ client }) => {
    try {
      await client.bulkWrite(models());
    } catch ({ name, message, cause }) {
      throw Object.assign(new Error(`${name}: ${message}: ${cause.message}`), { code: cause.code });
    }
  });
  expect(error.message).toContain('bulkWrite');
  await both.close();
});
