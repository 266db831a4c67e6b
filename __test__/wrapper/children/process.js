// A process with a wrapper in it, which ends in the way its first argument says.
const { readdirSync, readlinkSync } = require('node:fs');
const mongoose = require('../../support/mongoose');
const { createWrapper } = require('../../../index');

const isSocket = (descriptor) => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    // The one that the list itself was read with.
    return false;
  }
};

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

  /** Wrappers that nobody holds any more, as modules leave them that are loaded anew. */
  async forgotten() {
    const appName = 'wexit-forgotten';
    const use = async () => {
      const wrapper = createWrapper({ mongoURI: uri, appName });
      wrapper.on('connect', () => {});
      await wrapper.wrapModel(new mongoose.Mongoose().model('Item', Item.schema)).db(DB).countDocuments();
    };
    const observer = createWrapper({ mongoURI: uri, allowSystemDatabases: true });
    const admin = observer.adv.getConnection('admin').db;
    const open = async () =>
      admin
        .aggregate([{ $currentOp: { allUsers: true, idleConnections: true } }, { $match: { appName } }])
        .toArray();
    await use();
    const before = (await open()).length;
    for (let turn = 0; turn < 50 && (await open()).length > 0; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    say(`${before > 0} ${(await open()).length}`);
  },

  /** A hundred wrappers, made, used and closed; says what the process holds more of than before. */
  async hundred() {
    const Model = (wrapper) => wrapper.wrapModel(Item);
    const use = async () => {
      const wrapper = createWrapper({ mongoURI: uri, defaultDB: DB, sharePool: false, maxPoolSize: 3 });
      wrapper.scale.setDB(['wexit_own'], { maxConnections: 2 });
      const stream = Model(wrapper).watch();
      stream.on('change', () => {});
      await Promise.all([1, 2, 3, 4].map(() => Model(wrapper).countDocuments()));
      await Model(wrapper).db('wexit_own').findOne();
      await wrapper.transaction((session) => Model(wrapper).findOne({}, null, { session }));
      await wrapper.closeAll();
    };
    const held = async () => {
      for (let turn = 0; turn < 5; turn++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return {
        threads: readdirSync('/proc/self/task').length,
        sockets: readdirSync('/proc/self/fd').filter(isSocket).length,
        timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
        megabytes: process.memoryUsage().rss / 2 ** 20,
      };
    };
    const hundred = async () => {
      for (let turn = 0; turn < 20; turn++) await Promise.all([1, 2, 3, 4, 5].map(use));
    };
    // Allocators and compilers take their time to have what they need.
    for (let turn = 0; turn < 3; turn++) await hundred();
    const before = await held();
    await hundred();
    const after = await held();
    say(JSON.stringify(Object.entries(after).map(([what, count]) => [what, count - before[what]])));
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

  /** The same with a handler that drains; nothing else ends the process. */
  async draining() {
    const wrapper = createWrapper({ mongoURI: uri, defaultDB: DB });
    const Model = wrapper.wrapModel(Item);
    await Model.deleteMany({});
    const writes = [];
    let settled = 0;
    const alive = setInterval(() => {}, 50);
    process.once('SIGTERM', async () => {
      const pending = writes.length - settled;
      const outcomes = await Promise.allSettled(writes);
      await wrapper.closeAll();
      clearInterval(alive);
      say(`in flight ${pending > 0}`);
      say(`acknowledged ${outcomes.filter(({ status }) => status === 'fulfilled').length}`);
    });
    say('ready');
    for (let number = 0; number < 1000; number++) {
      writes.push(Model.create({ number }).finally(() => settled++));
    }
  },

  /** A handler that does something else first, and writes meanwhile. */
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
