'use strict';

const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const mongoose = require('../../support/mongoose');
const { Engine } = require('../../../lib/driver/engine');
const { codecOf } = require('../../../lib/protocol/codec');

/** Only what will never happen takes so long: a starved machine ends transactions late. */
const PATIENCE_MS = 120_000;

const op = { codec: codecOf(mongoose.mongo), read: true };

/** A worker that always has many operations, a stream and a transaction under way. */
async function work({ uri, db }) {
  const engine = new Engine(uri, { appName: db });
  const stream = await engine.openStream({ db, collection: 'things', pipeline: [] }, op);
  const session = engine.startSession();
  engine.startTransaction(session);
  await engine.command(db, { insert: 'things', documents: [{}] }, { ...op, session });
  const read = () => engine.openCursor(db, { find: 'things', batchSize: 2 }, op).then(read, read);
  for (let i = 0; i < 200; i++) read();
  engine.nextChanges(stream, op).catch(() => {});
  await engine.command(db, { ping: 1 }, op);
  parentPort.postMessage('busy');
}

/** How many transactions the workers have left open. */
async function transactions(engine, db) {
  const pipeline = [
    { $currentOp: { idleSessions: true, idleConnections: true } },
    { $match: { appName: db, 'transaction.parameters.autocommit': false } },
  ];
  return (await engine.openCursor('admin', { aggregate: 1, pipeline, cursor: {} }, op)).documents.length;
}

/** Starts and terminates workers, several at a time, while the main thread works too. */
async function main(uri, db) {
  const engine = new Engine(uri, {});
  await engine.command(db, { insert: 'things', documents: Array.from({ length: 20 }, () => ({})) }, op);
  const errors = [];
  for (let round = 0; round < 20; round++) {
    const workers = [0, 1].map(() => new Worker(__filename, { workerData: { uri, db } }));
    await Promise.all(
      workers.map(async (worker) => {
        worker.on('error', (error) => errors.push(error));
        await new Promise((resolve) => worker.once('message', resolve).once('exit', resolve));
        await engine.openCursor(db, { find: 'things' }, op);
        await worker.terminate();
      }),
    );
  }
  let left = await transactions(engine, db);
  for (const end = performance.now() + PATIENCE_MS; left > 0 && performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = await transactions(engine, db);
  }
  const { documents } = await engine.openCursor(db, { find: 'things' }, op);
  process.stdout.write(`${errors.length} errors, ${left} transactions, ${documents.length} documents`);
}

if (isMainThread) main(process.env.POLYMONGO_TEST_URI, process.argv[2]);
else work(workerData);
