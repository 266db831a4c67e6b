// Runs a wrapper through everything that talks to a server, with every way in which JavaScript could open a socket recorded.
const net = require('node:net');
const tls = require('node:tls');
const mongoose = require('../../support/mongoose');

const opened = [];
const record = (owner, name, label) => {
  const original = owner[name];
  owner[name] = function recorded(...parts) {
    opened.push(`${label} ${new Error().stack.split('\n').slice(2, 5).join(' <- ')}`);
    return original.apply(this, parts);
  };
};
record(net.Socket.prototype, 'connect', 'net.Socket.connect');
record(tls, 'connect', 'tls.connect');
record(mongoose.mongo.MongoClient.prototype, 'connect', 'MongoClient.connect');

const { createWrapper } = require('../../../index');

const DB = 'wrapper_nosocket';
const schema = new mongoose.Schema({
  name: String,
  size: Number,
  friend: { type: mongoose.Types.ObjectId, ref: 'Pet' },
});
schema.index({ name: 1 });

async function main() {
  const wrapper = createWrapper({ mongoURI: process.env.POLYMONGO_TEST_URI, defaultDB: DB });
  const Pet = wrapper.wrapModel(mongoose.model('Pet', schema));
  const { Types } = mongoose;
  await wrapper.connect();
  await wrapper.ping();

  const Far = Pet.db(`${DB}_far`);
  const [dog, cat] = await Far.create([
    { name: 'dog', size: 3 },
    { name: 'cat', size: 2 },
  ]);
  await Far.updateOne({ _id: dog._id }, { friend: cat._id });
  await Far.insertMany(Array.from({ length: 300 }, (_, size) => ({ name: 'fish', size })));
  const fish = [];
  for await (const document of Far.find({ name: 'fish' }).batchSize(50)) fish.push(document);
  const populated = await Far.findById(dog._id).populate('friend');
  const grouped = await Far.aggregate([{ $group: { _id: '$name', n: { $sum: 1 } } }]);
  await Far.bulkWrite([{ deleteOne: { filter: { size: 299 } } }]);
  await Far.findOneAndUpdate({ name: 'cat' }, { $inc: { size: 1 } });

  const stream = Far.watch();
  const changed = new Promise((resolve, reject) => stream.on('change', resolve).on('error', reject));
  const retry = setInterval(() => Far.create({ name: 'bird', size: 1 }).catch(() => {}), 200);
  const change = await changed;
  clearInterval(retry);
  await stream.close();

  await wrapper.transaction(async (session) => {
    await Far.updateOne({ _id: dog._id }, { size: 9 }, { session });
    await Pet.db(`${DB}_near`).create([{ _id: new Types.ObjectId(), name: 'moved' }], { session });
  });
  await wrapper.scale.connectDB(`${DB}_own`, { maxConnections: 2 });
  await Pet.db(`${DB}_own`).create({ name: 'own' });
  await wrapper.stats.db(`${DB}_far`);
  await wrapper.stats.listDatabases();
  await wrapper.actions.copyDatabase(`${DB}_near`, `${DB}_copy`);
  const counts = {
    fish: fish.length,
    groups: grouped.length,
    friend: populated.friend.name,
    change: change.operationType,
  };
  const moved = await Pet.db(`${DB}_copy`).countDocuments();
  for (const name of ['far', 'near', 'own', 'copy']) await wrapper.dropDatabase(`${DB}_${name}`);
  const closed = await wrapper.closeAll();
  return { ...counts, moved, closed };
}

main().then(
  (result) => process.stdout.write(JSON.stringify({ result, opened })),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
