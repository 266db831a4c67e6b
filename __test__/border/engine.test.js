'use strict';

const { inspect } = require('node:util');
const { Engine } = require('../../lib/driver/engine');
const { codec, mongo, openEngine, uri } = require('./engine');

const { BSON } = mongo;

let border;
beforeAll(async () => {
  border = openEngine('engine', { monitorCommands: true });
  await border.run({ drop: 'things' }).catch(() => {});
  await border.insert(Array.from({ length: 250 }, (_, n) => ({ _id: n, n, text: `number ${n} é` })));
});
afterAll(() => border.close());

describe('commands', () => {
  test("answer the server's reply in the user's own BSON types", async () => {
    const reply = await border.run({ ping: 1 });
    expect(reply.ok).toBe(1);
    expect(reply.operationTime).toBeInstanceOf(mongo.Timestamp);
  });

  test('thousands at once all come back, each with its own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 3000 }, (_, n) => border.find({ filter: { _id: n % 250 } })),
    );
    answers.forEach(({ documents }, n) => {
      expect(documents).toEqual([{ _id: n % 250, n: n % 250, text: `number ${n % 250} é` }]);
    });
  });

  test('what the caller changes afterwards is not sent', async () => {
    const filter = { _id: 1 };
    const answer = border.find({ filter });
    filter._id = 2;
    expect((await answer).documents[0]._id).toBe(1);
  });

  test('BSON options of the caller decide how a reply is read', async () => {
    const long = { _id: 'long', value: BSON.Long.fromNumber(5) };
    await border.insert([long]);
    const read = async (bson) =>
      (await border.find({ filter: { _id: 'long' } }, { bson })).documents[0].value;
    expect(await read(null)).toBe(5);
    expect(await read({ useBigInt64: true })).toBe(5n);
    expect(await read({ promoteLongs: false })).toEqual(BSON.Long.fromNumber(5));
    const [raw] = (await border.find({ filter: { _id: 'long' } }, { bson: { raw: true } })).documents;
    expect(BSON.deserialize(raw)).toEqual({ _id: 'long', value: 5 });
    await border.run({ delete: 'things', deletes: [{ q: { _id: 'long' }, limit: 1 }] });
  });
});

describe('cursors', () => {
  test.each([
    ['packed', null],
    ['raw', { promoteValues: true }],
  ])('come in batches, %s', async (_name, bson) => {
    let batch = await border.find({ sort: { n: 1 }, batchSize: 100 }, { bson });
    const { cursor } = batch;
    const seen = [...batch.documents];
    while (batch.cursor !== 0) {
      expect(batch.cursor).toBe(cursor);
      batch = await border.engine.nextBatch(cursor, { codec, bson });
      seen.push(...batch.documents);
    }
    expect(seen.map(({ n }) => n)).toEqual(Array.from({ length: 250 }, (_, n) => n));
    await expect(border.engine.nextBatch(cursor, { codec })).rejects.toMatchObject({
      name: 'MongoCursorExhaustedError',
    });
  });

  test('closing twice, or what was never open, is nothing special', async () => {
    const { cursor } = await border.find({ batchSize: 2 });
    await Promise.all([border.engine.closeCursor(cursor), border.engine.closeCursor(cursor)]);
    await border.engine.closeCursor(0);
    await border.engine.closeCursor(4_000_000_000);
  });

  test('a batch larger than what is joined arrives whole', async () => {
    const text = 'x'.repeat(200_000);
    await border.run({
      insert: 'large',
      documents: Array.from({ length: 20 }, (_, n) => ({ _id: n, text })),
    });
    for (const bson of [null, { promoteValues: true }]) {
      const [large, ...small] = await Promise.all([
        border.find({ find: 'large' }, { bson }),
        ...Array.from({ length: 50 }, (_, n) => border.find({ filter: { _id: n } }, { bson })),
      ]);
      expect(large.documents.map((document) => document.text.length)).toEqual(new Array(20).fill(200_000));
      expect(small.map(({ documents }) => documents[0]._id)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    }
  });
});

describe('failures', () => {
  test("are the error classes of the user's Mongoose, with the server's reply", async () => {
    const error = await border.insert([{ _id: 1 }]).then((reply) => reply.writeErrors[0]);
    expect(error).toMatchObject({ code: 11000, keyPattern: { _id: 1 }, keyValue: { _id: 1 } });
    const failure = await border.run({ nonsense: 1 }).catch((reason) => reason);
    expect(failure).toBeInstanceOf(mongo.MongoServerError);
    expect(failure).toMatchObject({ code: 59, codeName: 'CommandNotFound' });
  });

  test('have the stack of the caller', async () => {
    async function theCaller() {
      await border.run({ nonsense: 1 });
    }
    const { stack } = await theCaller().catch((error) => error);
    expect(stack).toMatch(/^MongoServerError: no such command/);
    expect(stack).toMatch(/at (async )?theCaller/);
    expect(stack).not.toMatch(/errors\.js|outbox\.js|#settled/);
  });

  test('of reading one reply leave its neighbours alone', async () => {
    const unreadable = {
      ...codec,
      reader: {
        read() {
          throw new Error('Unreadable');
        },
      },
    };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        border.find({ filter: { _id: n } }, { codec: n % 2 === 0 ? codec : unreadable }),
      ),
    );
    outcomes.forEach((outcome, n) => {
      if (n % 2 === 0) expect(outcome.value.documents[0]._id).toBe(n);
      else expect(outcome.reason.message).toBe('Unreadable');
    });
  });

  test('before anything was submitted are rejections too', async () => {
    const circular = {};
    circular.self = circular;
    await expect(border.find({ filter: circular })).rejects.toThrow(/circular/);
    await expect(border.engine.command(5, { ping: 1 }, { codec })).rejects.toThrow();
    await expect(border.engine.command('', { ping: 1 }, { codec })).rejects.toThrow();
  });

  test('without any Mongoose in sight are of our own class', async () => {
    const engine = new Engine('mongodb://127.0.0.1:1/', {});
    expect(await engine.close({ force: true })).toEqual({ drained: 0, cancelled: 0 });
    await expect(engine.connect(null)).rejects.toMatchObject({
      name: 'PolyMongoError',
      code: 'WRAPPER_CLOSED',
    });
    await expect(engine.configure(['a'], { uri: 5 })).rejects.toMatchObject({ name: 'PolyMongoError' });
  });
});

describe('signals', () => {
  test('that are aborted already keep the operation from being sent', async () => {
    const reason = new Error('Not wanted');
    const insert = border.insert([{ _id: 'aborted' }], { signal: AbortSignal.abort(reason) });
    await expect(insert).rejects.toBe(reason);
    expect((await border.find({ filter: { _id: 'aborted' } })).documents).toEqual([]);
  });

  test('cancel what is under way', async () => {
    const controller = new AbortController();
    const slow = { filter: { $where: 'sleep(5000) || true' }, limit: 1 };
    const started = Date.now();
    const found = border.find(slow, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('Enough')), 100);
    await expect(found).rejects.toThrow('Enough');
    expect(Date.now() - started).toBeLessThan(2000);
  });

  test('are let go of afterwards', async () => {
    const controller = new AbortController();
    const added = jest.spyOn(controller.signal, 'addEventListener');
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    await border.find({ limit: 1 }, { signal: controller.signal });
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
    controller.abort();
  });

  test('deadlines are the errors of the official driver', async () => {
    const slow = { filter: { $where: 'sleep(5000) || true' }, limit: 1 };
    const error = await border.find(slow, { timeoutMS: 100 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(mongo.MongoOperationTimeoutError ?? mongo.MongoNetworkTimeoutError);
    expect(error.sent).toBe(true);
  });
});

describe('sessions', () => {
  test('a transaction is seen when it is committed, and not when it is aborted', async () => {
    const session = border.engine.startSession({ causalConsistency: true });
    for (const end of ['abortTransaction', 'commitTransaction']) {
      border.engine.startTransaction(session, { writeConcern: { w: 'majority' } });
      await border.insert([{ _id: end }], { session });
      expect((await border.find({ filter: { _id: end } })).documents).toEqual([]);
      await border.engine[end](session, { codec });
    }
    expect((await border.find({ filter: { _id: { $type: 'string' } } })).documents).toEqual([
      { _id: 'commitTransaction' },
    ]);
    await border.run({ delete: 'things', deletes: [{ q: { _id: 'commitTransaction' }, limit: 1 }] });
    const info = border.engine.sessionInfo(session, codec);
    expect(info.operationTime).toBeInstanceOf(mongo.Timestamp);
    border.engine.advanceSession(session, { operationTime: info.operationTime }, codec);
    await border.engine.endSession(session);
    expect(border.engine.sessionInfo(session, codec)).toBeNull();
  });

  test('what is wrong with a transaction is said at once', () => {
    const session = border.engine.startSession();
    border.engine.startTransaction(session);
    expect(() => border.engine.startTransaction(session)).toThrow(mongo.MongoTransactionError);
    expect(() => border.engine.startTransaction(4_000_000_000)).toThrow();
    return border.engine.endSession(session);
  });
});

describe('change streams', () => {
  test.each([
    ['packed', null],
    ['raw', { promoteValues: true }],
  ])('bring changes and the token to go on from, %s', async (_name, bson) => {
    const { engine, db } = border;
    const op = { codec, bson };
    const stream = await engine.openStream({ db, collection: 'watched', pipeline: [] }, op);
    await border.run({ insert: 'watched', documents: [{ _id: `${_name} 1` }, { _id: `${_name} 2` }] });
    const seen = [];
    let token;
    while (seen.length < 2) {
      const { documents, resumeToken } = await engine.nextChanges(stream, op);
      seen.push(...documents.map(({ documentKey }) => documentKey._id));
      token = resumeToken;
    }
    expect(seen).toEqual([`${_name} 1`, `${_name} 2`]);
    expect(token).toHaveProperty('_data');
    const waiting = engine.nextChanges(stream, op);
    await engine.closeStream(stream);
    await expect(waiting).rejects.toThrow();
    await engine.closeStream(stream);
  });
});

describe('events', () => {
  test('carry commands as BSON', async () => {
    const started = new Promise((resolve) => {
      border.engine.on('command', (event, payload) => {
        if (event.name === 'commandStarted' && event.commandName === 'find') resolve(payload);
      });
    });
    const id = new mongo.ObjectId();
    await border.find({ filter: { _id: id } });
    expect(mongo.BSON.deserialize(await started).filter._id).toEqual(id);
    border.engine.removeAllListeners('command');
  });

  test('tell of the servers', async () => {
    const engine = new Engine(uri, {});
    const found = new Promise((resolve) => {
      engine.on('topology', (event) => event.state === 'connected' && resolve(event));
    });
    expect(await engine.connect(null)).toMatchObject({ isWritablePrimary: true });
    expect(await found).toMatchObject({ kind: 'ReplicaSetWithPrimary', pool: '' });
    expect(engine.topology()).toMatchObject({ setName: 'rs0' });
    await engine.close();
  });
});

test('nothing shows the connection string', () => {
  const engine = new Engine('mongodb://canary:s3cret@127.0.0.1:1/', {});
  const shown = [
    inspect(engine, { showHidden: true, depth: 9 }),
    JSON.stringify(engine),
    String(engine),
  ].join();
  expect(shown).toContain('127.0.0.1:1');
  expect(shown).not.toMatch(/canary|s3cret/);
  for (const bad of [
    'mongodb://canary:s3cret@/',
    'canary:s3cret',
    'mongodb://canary:s3cret@h/?nonsense=1',
    '',
  ]) {
    expect(() => new Engine(bad, {})).toThrow(
      expect.objectContaining({
        name: 'PolyMongoError',
        message: expect.not.stringMatching(/canary|s3cret/),
      }),
    );
  }
});

test('a closed engine refuses work until it is reopened', async () => {
  const { engine, run } = openEngine('closing');
  await run({ ping: 1 });
  expect(await engine.close()).toEqual({ drained: 0, cancelled: 0 });
  await expect(run({ ping: 1 })).rejects.toMatchObject({ code: 'WRAPPER_CLOSED' });
  engine.reopen();
  expect(await run({ ping: 1 })).toMatchObject({ ok: 1 });
  expect(engine.stats()).toEqual(expect.any(Object));
  await engine.close({ force: true });
});
