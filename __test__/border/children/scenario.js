'use strict';

const mongoose = require('../../support/mongoose');
const { Engine } = require('../../../lib/driver/engine');
const { codecOf } = require('../../../lib/protocol/codec');

const [scenario, db] = process.argv.slice(2);
const uri = process.env.POLYMONGO_TEST_URI;
const op = { codec: codecOf(mongoose.mongo), read: true };
const engine = new Engine(uri, {});

const say = (what) => process.stdout.write(String(what));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const insert = (documents) => engine.command(db, { insert: 'things', documents }, op);
const watch = () => engine.openStream({ db, collection: 'things', pipeline: [] }, op);

async function collectGarbage() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await wait(20);
  }
}

/** What a process does that is then left to itself. */
const SCENARIOS = {
  /** Has open pools, and nothing more to do. */
  async idle() {
    await insert([{}]);
  },

  /** Waits for an answer that takes its time. */
  async waiting() {
    await insert([{}]);
    const slow = engine.openCursor(db, { find: 'things', filter: { $where: 'sleep(500) || true' } }, op);
    slow.then(({ documents }) => say(`found ${documents.length}`));
  },

  /** Has a change stream open, and does not listen. */
  async idleStream() {
    await watch();
  },

  /** Has a change stream open, and listens. */
  async listening() {
    const stream = await watch();
    setTimeout(() => insert([{}]), 500).unref();
    for (;;) {
      const { documents } = await engine.nextChanges(stream, op);
      // The first answer may be no more than the token that the stream begins with.
      if (documents.length > 0) return say(documents[0].operationType);
    }
  },

  /** Ends in the middle of it all. */
  async exit() {
    await insert([{}]);
    for (let i = 0; i < 500; i++) engine.openCursor(db, { find: 'things' }, op).catch(() => {});
    await engine.command(db, { ping: 1 }, op);
    process.exit(7);
  },

  /** Lets go of engines without closing them, and says how many connections they have, now and after a while. */
  async forgotten() {
    for (let i = 0; i < 10; i++) {
      await new Engine(uri, { appName: db }).command(db, { ping: 1 }, op);
    }
    const connections = async () => {
      const pipeline = [{ $currentOp: { idleConnections: true } }, { $match: { appName: db } }];
      return (await engine.openCursor('admin', { aggregate: 1, pipeline, cursor: {} }, op)).documents.length;
    };
    say((await connections()) >= 10);
    for (let tries = 0; (await connections()) > 0 && tries < 50; tries++) await collectGarbage();
    say(` ${await connections()}`);
  },

  /** Reads a gigabyte, and says by how many megabytes the process grew over its last three quarters. */
  async memory() {
    await insert(Array.from({ length: 100 }, (_, n) => ({ _id: n, text: `${n % 10}`.repeat(50_000) })));
    const read = async (rounds) => {
      for (let i = 0; i < rounds; i++) {
        const bson = i % 2 === 0 ? null : { promoteValues: true };
        await engine.openCursor(db, { find: 'things', batchSize: 1000 }, { ...op, bson });
        if (i % 10 === 0) await collectGarbage();
      }
      return process.memoryUsage().rss / 2 ** 20;
    };
    const early = await read(50);
    say(Math.round((await read(150)) - early));
  },
};

SCENARIOS[scenario]();
