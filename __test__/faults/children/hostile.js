// Asks servers that mean harm, all at a time, and says what came of it and how much memory it took.
const mongoose = require('../../support/mongoose');
const { createWrapper } = require('../../..');

const { mongo } = mongoose;
const { uris, real } = JSON.parse(process.argv[2]);
const Hostile = mongoose.model('Hostile', new mongoose.Schema({ name: String }), 'hostile');
const options = { serverSelectionTimeoutMS: 1500, socketTimeoutMS: 1500, handleSignals: false };

async function ask(mongoURI) {
  const wrapper = createWrapper({ mongoURI, ...options });
  try {
    await wrapper.wrapModel(Hostile).db('hostile').find().lean();
    return 'an answer';
  } catch (error) {
    // A document that is none is found out by the BSON library where it is read.
    const known = error instanceof mongo.MongoError || error instanceof mongo.BSON.BSONError;
    return `${known ? '' : 'an unexpected '}${error.name}: ${error.message}`;
  } finally {
    await wrapper.forceCloseAll();
  }
}

async function main() {
  const before = process.memoryUsage.rss();
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 20);
  const answers = await Promise.all(uris.map(ask));
  clearInterval(watch);
  const wrapper = createWrapper({ mongoURI: real });
  const alive = await wrapper.wrapModel(Hostile).db('wfaults_real').countDocuments();
  await wrapper.closeAll();
  process.stdout.write(JSON.stringify({ answers, alive, grownMB: (highest - before) / 2 ** 20 }));
}

main();
