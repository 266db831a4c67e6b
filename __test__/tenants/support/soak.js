'use strict';

const { setImmediate: turn } = require('node:timers/promises');
const v8 = require('node:v8');
const vm = require('node:vm');
const { createWrapper } = require('../../..');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

const WORKERS = 32;

/** A small generator of random numbers, so that a run can be repeated. @param {number} seed */
function randomFrom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Many tenants, random operations on them by every way there is, far more tenants than are kept at hand. Every document
 * says whose it is; whatever is read is checked against whom it was asked of, and at the end everything that is stored.
 *
 * @param {object} settings
 * @param {any} settings.mongoose
 * @param {string} settings.uri
 * @param {string} settings.prefix  of all database names
 * @param {number} settings.tenants
 * @param {number} settings.operations
 * @param {number} settings.maxCachedDatabases
 * @param {number} settings.seed
 * @param {(done: number) => void} [settings.onProgress]
 */
async function soak({ mongoose, uri, prefix, tenants, operations, maxCachedDatabases, seed, onProgress }) {
  const base = new mongoose.Mongoose();
  const wrapper = createWrapper({
    mongoURI: uri,
    defaultDB: `${prefix}default`,
    handleSignals: false,
    sharePool: false,
    requireTenant: true,
    maxCachedDatabases,
    // A collection each is what many databases take long for: the first write makes it.
    autoCreate: false,
  });
  const { Schema } = base;
  const owned = { tenant: { type: String, required: true }, n: Number };
  const User = wrapper.wrapModel(base.model('User', new Schema(owned)));
  const friend = { type: Schema.Types.ObjectId, ref: 'User' };
  const Note = wrapper.wrapModel(
    base.model('Note', new Schema({ ...owned, friend }, { collection: 'users' })),
  );
  const random = randomFrom(seed);
  const name = (i) => `${prefix}${i}`;
  /** Every fourth tenant is only read. */
  const isReadOnly = (i) => i % 4 === 3;
  const stored = new Map();
  const mixedUp = [];

  const wrote = (tenant, count = 1) => stored.set(tenant, (stored.get(tenant) ?? 0) + count);
  /** Whose a document is, and, hydrated, whose it would be saved as. */
  const check = (tenant, document) => {
    if (document === null) return;
    const database = document.db?.name ?? tenant;
    if (document.tenant !== tenant || database !== tenant)
      mixedUp.push({ tenant, stored: document.tenant, database });
  };
  const reads = {
    findOne: async (tenant) => check(tenant, await User.db(tenant).findOne()),
    lean: async (tenant) => {
      for (const each of await User.db(tenant).find().limit(5).lean()) check(tenant, each);
    },
    cursor: async (tenant) => {
      for await (const each of User.db(tenant).find().limit(5).cursor({ batchSize: 2 })) check(tenant, each);
    },
    aggregate: async (tenant) => {
      for (const each of await User.db(tenant).aggregate([{ $limit: 3 }])) check(tenant, each);
    },
    context: (tenant) => wrapper.run(tenant, async () => check(tenant, await User.findOne({ n: random(9) }))),
    json: async (tenant) => {
      for (const each of JSON.parse(await wrapper.json(User.db(tenant).find().limit(3)))) check(tenant, each);
    },
    populate: async (tenant) => {
      const note = await Note.db(tenant)
        .findOne({ friend: { $exists: true } })
        .populate('friend');
      check(tenant, note);
      check(tenant, note?.friend ?? null);
    },
    handle: async (tenant) => check(tenant, await wrapper.tenant(tenant).User.findOne().sort({ n: -1 })),
  };
  const writes = {
    create: async (tenant) => {
      check(tenant, await User.db(tenant).create({ tenant, n: random(9) }));
      wrote(tenant);
    },
    save: (tenant) =>
      wrapper.run(tenant, async () => {
        const user = await new User({ tenant, n: random(9) }).save();
        wrote(tenant);
        await new Note({ tenant, friend: user._id }).save();
        wrote(tenant);
      }),
    insertMany: async (tenant) => {
      await User.db(tenant).insertMany([{ tenant }, { tenant, n: random(9) }]);
      wrote(tenant, 2);
    },
    resave: async (tenant) => {
      const user = await User.db(tenant).findOne();
      if (user === null) return;
      check(tenant, user);
      user.n = random(9);
      // Whatever tenant is around, a document keeps its own.
      await wrapper.run(name(random(tenants)), () => user.save());
    },
    updateMany: (tenant) => User.db(tenant).updateMany({ n: random(9) }, { $inc: { n: 1 } }),
  };
  const all = { ...reads, ...writes };
  const kinds = { read: Object.keys(reads), any: Object.keys(all) };

  let done = 0;
  const worker = async () => {
    while (done < operations) {
      const count = done++;
      // Each is used once at least; some are used often.
      const i = count < tenants ? count : random(4) === 0 ? random(20) : random(tenants);
      const possible = isReadOnly(i) ? kinds.read : kinds.any;
      await all[possible[random(possible.length)]](name(i));
      onProgress?.(count + 1);
    }
  };
  try {
    const before = await heapInUse();
    await Promise.all(Array.from({ length: WORKERS }, worker));
    const heapGrowth = (await heapInUse()) - before;
    return { ...(await verify({ mongoose, uri, prefix, stored })), mixedUp, heapGrowth, stored };
  } finally {
    await wrapper.forceCloseAll();
  }
}

/** Bytes, without what nobody holds. */
async function heapInUse() {
  for (let i = 0; i < 10; i++) {
    gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

/** What is stored, by the official driver: where it belongs, as many as were acknowledged, and no database too many. */
async function verify({ mongoose, uri, prefix, stored }) {
  const client = await new mongoose.mongo.MongoClient(uri).connect();
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    const found = databases.map((each) => each.name).filter((each) => each.startsWith(prefix));
    const misplaced = [];
    const miscounted = [];
    for (const tenant of found) {
      const users = client.db(tenant).collection('users');
      if ((await users.countDocuments({ tenant: { $ne: tenant } })) > 0) misplaced.push(tenant);
      const count = await users.countDocuments();
      if (count !== stored.get(tenant)) miscounted.push({ tenant, count, acknowledged: stored.get(tenant) });
    }
    const missing = [...stored.keys()].filter((tenant) => !found.includes(tenant));
    return { misplaced, miscounted, missing };
  } finally {
    await client.close();
  }
}

module.exports = { soak };
