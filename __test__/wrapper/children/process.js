// A process with a wrapper in it, which ends in the way its first argument says.
const mongoose = require('../../support/mongoose');
const { createWrapper } = require('../../../index');

const [mode] = process.argv.slice(2);
const DB = 'wexit_child';
const say = (text) => process.stdout.write(`${text}\n`);
const Item = mongoose.model('Item', new mongoose.Schema({ number: Number }));
const uri = process.env.POLYMONGO_TEST_URI;

const modes = {
  /** Nobody closes anything. */
  async idle() {
    const wrapper = createWrapper({ mongoURI: uri, defaultDB: DB, coldStart: false });
    say(await wrapper.wrapModel(Item).db(DB).countDocuments({ number: -1 }));
    wrapper.wrapModel(Item).watch();
  },

  /** A server that is not there, tried for ever. */
  async unreachable() {
    const nowhere = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200';
    const wrapper = createWrapper({ mongoURI: nowhere, coldStart: false, retry: 60_000 });
    wrapper.on('error', ({ error }) => say(error.name));
  },

  /** Writes in flight when the signal comes; the application does not handle it. */
  async writing() {
    const Model = createWrapper({ mongoURI: uri, defaultDB: DB }).wrapModel(Item);
    await Model.deleteMany({});
    let acknowledged = 0;
    say('ready');
    const writes = Array.from({ length: 1000 }, async (_, number) => {
      await Model.create({ number });
      acknowledged++;
    });
    await Promise.allSettled(writes);
    say(`acknowledged ${acknowledged}`);
  },

  /** The same with a handler that finishes its work first. */
  async handling() {
    const wrapper = createWrapper({ mongoURI: uri, defaultDB: DB });
    const Model = wrapper.wrapModel(Item);
    await Model.deleteMany({});
    let acknowledged = 0;
    process.once('SIGTERM', async () => {
      for (let number = 0; number < 100; number++) {
        await Model.create({ number });
        acknowledged++;
      }
      await wrapper.closeAll();
      say(`acknowledged ${acknowledged}`);
    });
    const alive = setInterval(() => {}, 50);
    process.once('SIGTERM', () => clearInterval(alive));
    say('ready');
  },
};

modes[mode]().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
