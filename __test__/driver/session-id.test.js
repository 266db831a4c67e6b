'use strict';

const { createClient } = require('../../lib/driver/client');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');
const { mongo, openBoth, uri } = require('../support/both-drivers');

let both;
beforeAll(async () => {
  both = await openBoth('session_id');
});
afterAll(() => both.close());

const hex = ({ id }) => Buffer.from(id.buffer).toString('hex');
const reads = (side) => side.commands.filter(({ find }) => find !== undefined);

test('exists as soon as there is a session, and is a UUID', async () => {
  await both.same(({ client }) => {
    const { id, serverSession } = client.startSession();
    return [Object.keys(id), id.id._bsontype, id.id.sub_type, id.id.buffer.length, serverSession.id === id];
  });
});

test('is what the server is sent, also in a transaction', async () => {
  const side = both.ours;
  const session = side.client.startSession();
  const { id } = session;
  side.commands.length = 0;
  await side.collection.findOne({}, { session });
  session.startTransaction();
  await side.collection.findOne({}, { session });
  await session.commitTransaction();
  expect(reads(side).map(({ lsid }) => hex(lsid))).toEqual([hex(id), hex(id)]);
  expect(session.id).toBe(id);
  await session.endSession();
  expect(session.id).toEqual(id);
});

test('may be asked for while the first operation is under way', async () => {
  const side = both.ours;
  const session = side.client.startSession();
  side.commands.length = 0;
  const reading = side.collection.findOne({}, { session });
  const { id } = session;
  await reading;
  expect(reads(side).map(({ lsid }) => hex(lsid))).toEqual([hex(id)]);
  await session.endSession();
});

test('is its own while the session lives, and drawn again afterwards', async () => {
  const sessions = Array.from({ length: 50 }, () => both.ours.client.startSession());
  const ids = new Set(sessions.map(({ id }) => hex(id)));
  expect(ids.size).toBe(50);
  for (const session of sessions) await session.endSession();
  const later = both.ours.client.startSession();
  expect(ids).toContain(hex(later.id));
  await later.endSession();
});

test('is known before the client has ever connected', async () => {
  const engine = new Engine(uri, {});
  const client = createClient(engine, codecOf(mongo), {});
  const session = client.startSession();
  expect(hex(session.id)).toMatch(/^[0-9a-f]{32}$/);
  await client.db().collection('x').findOne({}, { session });
  await session.endSession();
  await client.close();
});

test('costs no pool a session that nobody looks at', async () => {
  const engine = new Engine(uri, {});
  const client = createClient(engine, codecOf(mongo), {});
  const session = client.startSession();
  expect(engine.stats().state).toBe('idle');
  await session.endSession();
  expect(session.id).toBeUndefined();
  expect(engine.stats().state).toBe('idle');
  await client.close();
});

test('lets its pool go: a session whose id was read holds nothing open', async () => {
  const engine = new Engine(uri, {});
  await engine.configure(['apart'], { maxPoolSize: 2 });
  const client = createClient(engine, codecOf(mongo), { dbName: 'apart' });
  await client.connect();
  const session = client.startSession();
  const { id } = session;
  expect(id).toBeDefined();
  // Another size is another generation, to which the session moves.
  await engine.configure(['apart'], { maxPoolSize: 3 });
  await client.db().collection('x').findOne({}, { session });
  expect(session.id).toBeDefined();
  await session.endSession();
  await client.close();
});
