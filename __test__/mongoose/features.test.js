'use strict';

const { once } = require('node:events');
const { bothConnections, lines } = require('./support/both-connections');

const both = bothConnections('features');
beforeAll(() => both.open());
afterAll(() => both.close());

/** A model of its own for each test. */
function modelOf({ base, connection }, name) {
  const schema = new base.Schema({ name: String, n: Number }, { autoCreate: false, autoIndex: false });
  return connection.models[name] ?? connection.model(name, schema);
}

/** One of each kind of operation. */
async function work(Model, session) {
  const options = session === undefined ? {} : { session };
  await Model.deleteMany({}, options);
  await Model.create([{ name: 'a', n: 1 }], options);
  await Model.insertMany([{ name: 'b' }, { name: 'c', n: 2 }], options);
  await Model.findOne({ name: /^A/i }, null, options).sort({ n: -1 });
  await Model.find({ n: { $gt: 0 } }, 'name', options).lean();
  await Model.updateOne({ name: 'a' }, { $set: { n: 5 } }, options);
  await Model.findOneAndUpdate({ name: 'b' }, { n: 7 }, { ...options, returnDocument: 'after' });
  await Model.aggregate([{ $match: { n: 5 } }]).option(options);
  await Model.countDocuments({}, options);
  await Model.distinct('name', {}, options);
  await Model.bulkWrite([{ updateOne: { filter: { name: 'c' }, update: { n: 9 } } }], options);
}

describe("mongoose.set('debug')", () => {
  test('a function is called with the same arguments', async () => {
    const { value } = await both.same(async (side) => {
      const calls = [];
      side.base.set('debug', (...args) => calls.push(args));
      await work(modelOf(side, 'Called'));
      side.base.set('debug', false);
      return calls;
    });
    expect(value.length).toBeGreaterThan(10);
    expect(value.map(([collection]) => collection)).not.toContain(undefined);
  });

  test('a stream gets the same lines, sessions included', async () => {
    const { value } = await both.same(async (side) => {
      const { stream, written } = lines();
      side.base.set('debug', stream);
      await side.connection.withSession((session) => work(modelOf(side, 'Printed'), session));
      side.base.set('debug', false);
      return written;
    });
    expect(value.join('\n')).toContain('session: ClientSession("an id")');
  });

  test('a connection may have a setting of its own', async () => {
    await both.same(async (side) => {
      const calls = [];
      side.connection.set('debug', (...args) => calls.push(args.slice(0, 2)));
      await modelOf(side, 'Own').findOne({});
      side.connection.set('debug', false);
      return calls;
    });
  });
});

test('operation-start and operation-end surround every operation', async () => {
  const { value } = await both.same(async (side) => {
    const Model = modelOf(side, 'Traced');
    const events = [];
    const note = (event) => (details) => {
      const { modelName, collectionName, method, params, result, error } = details;
      events.push({
        event,
        modelName,
        collectionName,
        method,
        params,
        result: typeof result,
        error: error?.code,
      });
    };
    const [start, end] = [note('start'), note('end')];
    side.connection.on('operation-start', start).on('operation-end', end);
    await work(Model);
    const [{ _id }] = await Model.find();
    await Model.collection.insertOne({ _id }).catch(() => {});
    side.connection.off('operation-start', start).off('operation-end', end);
    return events;
  });
  expect(value.filter(({ event }) => event === 'start').length).toBeGreaterThan(10);
  expect(value.some(({ error }) => error === 11000)).toBe(true);
});

describe('transactionAsyncLocalStorage', () => {
  test('operations inside a transaction are in its session, and undone with it', async () => {
    const { value } = await both.same(async (side) => {
      side.base.set('transactionAsyncLocalStorage', true);
      const Model = modelOf(side, 'Stored');
      await Model.createCollection();
      const seen = [];
      const failed = await side.connection
        .transaction(async () => {
          const [doc] = await Model.create([{ name: 'inside' }]);
          await Model.updateOne({ _id: doc._id }, { n: 1 });
          seen.push(await Model.countDocuments(), (await Model.find()).length);
          seen.push((await Model.aggregate([{ $match: {} }])).length);
          seen.push(await Model.countDocuments().session(null));
          throw new Error('mine');
        })
        .catch(({ message }) => message);
      seen.push(failed, await Model.countDocuments());
      await side.connection.transaction(() => Model.create([{ name: 'kept' }]));
      seen.push(await Model.countDocuments());
      side.base.set('transactionAsyncLocalStorage', false);
      return seen;
    });
    expect(value).toEqual([1, 1, 1, 0, 'mine', 0, 1]);
  });

  test('transactions side by side keep apart', async () => {
    const { value } = await both.same(async (side) => {
      side.base.set('transactionAsyncLocalStorage', true);
      const Model = modelOf(side, 'Apart');
      await Model.createCollection();
      const seen = await Promise.all(
        [1, 2, 3].map((n) =>
          side.connection.transaction(async () => {
            await Model.create([{ n }]);
            // Each has a session of its own, so each reads what it wrote and nobody else has committed yet.
            return await Model.countDocuments({ n });
          }),
        ),
      );
      side.base.set('transactionAsyncLocalStorage', false);
      return [...seen, await Model.countDocuments()];
    });
    expect(value).toEqual([1, 1, 1, 3]);
  });
});

test('states and events of a connection from its opening to its closing and opening again', async () => {
  const { value } = await both.same(async (side) => {
    const connection = side.base.createConnection();
    const seen = [];
    for (const event of [
      ...[
        'connecting',
        'connected',
        'open',
        'disconnecting',
        'disconnected',
        'close',
        'reconnected',
        'error',
      ],
    ])
      connection.on(event, () => seen.push([event, connection.readyState]));
    seen.push(connection.readyState);
    for (let round = 0; round < 2; round++) {
      const opening = connection.openUri(process.env.POLYMONGO_TEST_URI, { dbName: side.dbName });
      seen.push(connection.readyState);
      await opening;
      const child = connection.useDb('other');
      seen.push(connection.readyState, child.readyState, child.client === connection.client);
      const closing = connection.close();
      seen.push(connection.readyState);
      await closing;
      seen.push(connection.readyState, child.readyState);
    }
    return seen;
  });
  expect(value.flat()).toContain('disconnecting');
});

test('a connection takes the servers for silent after the same time', async () => {
  for (const [query, options] of [
    ['', {}],
    ['&heartbeatFrequencyMS=2000', {}],
    ['', { heartbeatFrequencyMS: 3000 }],
  ]) {
    await both.same(async (side) => {
      const connection = await side.base
        .createConnection(process.env.POLYMONGO_TEST_URI + query, { ...options, dbName: side.dbName })
        .asPromise();
      const { heartbeatFrequencyMS, type } = connection.client.topology.s.description;
      await connection.close();
      return [heartbeatFrequencyMS, type];
    });
  }
});

test('a cursor and a change stream that nobody closed are closed with their connection', async () => {
  await both.same(async (side) => {
    const connection = await side.base
      .createConnection(process.env.POLYMONGO_TEST_URI, { dbName: side.dbName })
      .asPromise();
    const things = connection.db.collection('streamed');
    await things.deleteMany({});
    await things.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    const cursor = things.find({}, { batchSize: 1 });
    await cursor.next();
    const stream = things.watch();
    stream.on('error', () => {});
    const changed = new Promise((resolve) => stream.on('change', resolve));
    // The official stream begins some time after it was asked for.
    const writing = setInterval(() => things.insertOne({}).catch(() => {}), 50);
    await changed;
    clearInterval(writing);
    const closed = once(stream, 'close');
    await connection.close();
    await closed;
    const after = await cursor.next().catch(({ name }) => name);
    await cursor.close();
    return [after, stream.closed];
  });
});
