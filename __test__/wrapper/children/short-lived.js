// Reads the same documents over and over and keeps none of them; says how many megabytes grew old meanwhile.
const v8 = require('node:v8');
const mongoose = require('../../support/mongoose');
const { createWrapper } = require('../../../index');

const OPERATIONS = 4000;
const CONCURRENCY = 64;
const [wrappers] = process.argv.slice(2).map(Number);

const oldSpace = () =>
  v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space').space_used_size / 2 ** 20;

async function main() {
  const options = { mongoURI: process.env.POLYMONGO_TEST_URI, handleSignals: false };
  const all = Array.from({ length: wrappers }, () => createWrapper(options));
  const Model = all[0].wrapModel(mongoose.model('Short', new mongoose.Schema({ n: Number, text: String })));
  for (const wrapper of all) await wrapper.connect();
  const Far = Model.db('wrapper_short_lived');
  await Far.insertMany(Array.from({ length: 20 }, (_, n) => ({ n, text: `${n}`.padEnd(400, '.') })));

  let started = 0;
  let peak = 0;
  const read = async () => {
    while (started++ < OPERATIONS) {
      await Far.find().lean();
      peak = Math.max(peak, oldSpace());
    }
  };
  const readAll = () => Promise.all(Array.from({ length: CONCURRENCY }, read));
  await readAll();
  globalThis.gc();
  const before = oldSpace();
  started = 0;
  peak = 0;
  await readAll();
  await Far.db.dropDatabase();
  for (const wrapper of all) await wrapper.closeAll();
  process.stdout.write(String(peak - before));
}

main();
