'use strict';

const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const driver = require('../../../driver');

/** Both versions of Mongoose, twice each, at work in this thread at the same time. */
async function work(uri, dbName) {
  const bases = ['mongoose', 'mongoose8', 'mongoose', 'mongoose8'].map(
    (name) => new (require(name).Mongoose)(),
  );
  const names = await Promise.all(bases.map((base, index) => use(base, uri, `${dbName}_${index}`)));
  return names.join(' ');
}

async function use(base, uri, dbName) {
  base.setDriver(driver);
  const connection = await base.createConnection(uri, { dbName }).asPromise();
  const schema = new base.Schema({
    n: Number,
    tags: [String],
    at: Date,
    price: base.Schema.Types.Decimal128,
  });
  const Thing = connection.model('Thing', schema);
  await Thing.init();
  const stream = connection.db.collection('things').watch();
  const changed = new Promise((resolve) => stream.on('change', resolve));
  for (let n = 0; n < 20; n++) await Thing.create({ n, tags: ['a'], at: new Date(n), price: '1.5' });
  await connection.transaction(async (session) => {
    await Thing.updateMany({ n: { $lt: 5 } }, { $push: { tags: 'b' } }, { session });
  });
  const found = await Thing.find({ tags: 'b' }).sort({ n: 1 });
  const [doc] = found;
  const change = await changed;
  const { ObjectId, Decimal128 } = base.mongo;
  const own =
    doc._id instanceof ObjectId &&
    doc.price instanceof Decimal128 &&
    change.documentKey._id instanceof ObjectId;
  const duplicate = await Thing.collection.insertOne({ _id: doc._id }).catch((error) => error);
  const ofItsClass = duplicate instanceof base.mongo.MongoServerError;
  await stream.close();
  await connection.dropDatabase();
  await connection.close();
  return `${base.version[0]}:${found.length}:${own}:${ofItsClass}`;
}

function inWorker(uri, dbName) {
  const worker = new Worker(__filename, { workerData: { uri, dbName } });
  return new Promise((resolve, reject) => {
    let said;
    worker.on('message', (message) => {
      said = message;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => resolve(`${said} exit ${code}`));
  });
}

async function main(uri) {
  const said = await Promise.all([
    work(uri, 'versions_main'),
    inWorker(uri, 'versions_one'),
    inWorker(uri, 'versions_two'),
  ]);
  process.stdout.write(said.join('\n'));
}

if (isMainThread) main(process.env.POLYMONGO_TEST_URI);
else work(workerData.uri, workerData.dbName).then((said) => parentPort.postMessage(said));
