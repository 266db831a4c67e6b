'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const mongoose = require('../../support/mongoose');
const { Timeline } = require('./timeline');

const WORKERS = 8;
/** Every tenth operation is a transaction, every third of the others an increment. */
const TRANSACTION_EVERY = 10;
const INCREMENT_EVERY = 3;
/** What a cursor reads, in batches that outlast a fault. */
const STATIC_DOCUMENTS = 2000;
const BATCH = 50;
const PAUSE_BETWEEN_BATCHES_MS = 10;
/** Longer than every limit in time that applies to an operation by default. */
const PATIENCE_MS = 60_000;

/**
 * Eight workers on two databases, a reader of cursors and a change stream, all through a wrapper's models as an
 * application uses them. Nobody tries anything again; what was acknowledged is remembered.
 */
class Workload {
  timeline = new Timeline();
  /** What was acknowledged, by database. @type {Map<string, Set<string>>} */
  inserted = new Map();
  /** Ids of acknowledged transactions; each inserted one document into both databases. @type {Set<string>} */
  paired = new Set();
  /** By worker. @type {Map<string, {acknowledged: number, failed: number}>} */
  increments = new Map();
  cursors = { complete: 0, failed: 0, wrong: [] };
  /** Events of the first database's inserts, in the order of their arrival. @type {{id: string, time: any}[]} */
  events = [];
  streamErrors = [];
  #running = true;
  #loops = [];

  /**
   * @param {any} wrapper
   * @param {string} prefix of the databases' names
   */
  constructor(wrapper, prefix) {
    this.wrapper = wrapper;
    this.databases = [`${prefix}_a`, `${prefix}_b`];
    const base = new mongoose.Mongoose();
    const model = (name) =>
      wrapper.wrapModel(
        base.model(name, new mongoose.Schema({ _id: String, n: Number }, { versionKey: false })),
      );
    this.models = {
      Item: model('Item'),
      Counter: model('Counter'),
      Pair: model('Pair'),
      Page: model('Page'),
    };
  }

  async start() {
    const { Item, Counter, Pair, Page } = this.models;
    const [first] = this.databases;
    for (const name of this.databases) {
      this.inserted.set(name, new Set());
      await Item.db(name).createCollection();
      await Pair.db(name).createCollection();
    }
    const pages = Array.from({ length: STATIC_DOCUMENTS }, (_, n) => ({ _id: `page ${n}`, n }));
    await Page.db(first).insertMany(pages);
    await this.#watch(Item.db(first));
    const workers = Array.from({ length: WORKERS }, (_, index) => `worker ${index}`);
    await Counter.db(first).insertMany(workers.map((_id) => ({ _id, n: 0 })));
    this.#loops = [...workers.map((worker, index) => this.#work(worker, index)), this.#read(Page.db(first))];
  }

  async #watch(Model) {
    this.stream = Model.watch([{ $match: { operationType: 'insert' } }]);
    this.stream.on('change', (change) => {
      this.events.push({ id: change.documentKey._id, time: change.clusterTime });
    });
    this.stream.on('error', (error) => this.streamErrors.push(error));
    // Mongoose 8 has it at once and tells nobody afterwards.
    if (!this.stream.driverChangeStream) await new Promise((resolve) => this.stream.once('ready', resolve));
  }

  async #work(worker, index) {
    const { Item, Counter } = this.models;
    const name = this.databases[index % this.databases.length];
    const counts = { acknowledged: 0, failed: 0 };
    this.increments.set(worker, counts);
    for (let turn = 1; this.#running; turn++) {
      const _id = `${worker} ${turn}`;
      if (turn % TRANSACTION_EVERY === 0) {
        if (await this.timeline.record(`transaction ${_id}`, () => this.#pair(_id))) this.paired.add(_id);
      } else if (turn % INCREMENT_EVERY === 0) {
        const increment = () => Counter.db(this.databases[0]).updateOne({ _id: worker }, { $inc: { n: 1 } });
        counts[(await this.timeline.record(`update ${_id}`, increment)) ? 'acknowledged' : 'failed']++;
      } else {
        const insert = () => Item.db(name).create({ _id, n: turn });
        if (await this.timeline.record(`insert ${_id}`, insert)) this.inserted.get(name)?.add(_id);
      }
    }
  }

  #pair(_id) {
    return this.wrapper.transaction(async (session) => {
      for (const name of this.databases) await this.models.Pair.db(name).create([{ _id }], { session });
    });
  }

  /** A cursor ends with all documents once, or with an error. */
  async #read(Page) {
    while (this.#running) {
      const seen = new Set();
      let count = 0;
      this.timeline.pending.add('cursor');
      try {
        for await (const page of Page.find().batchSize(BATCH).lean().cursor()) {
          seen.add(page._id);
          if (++count % BATCH === 0) await sleep(PAUSE_BETWEEN_BATCHES_MS);
        }
        if (count === STATIC_DOCUMENTS && seen.size === count) this.cursors.complete++;
        else this.cursors.wrong.push(`ended with ${count} documents, ${seen.size} of them different`);
      } catch (error) {
        if (seen.size !== count) this.cursors.wrong.push(`gave ${count - seen.size} documents twice`);
        if (!(error instanceof mongoose.mongo.MongoError))
          this.cursors.wrong.push(`failed with ${error.stack}`);
        this.cursors.failed++;
      } finally {
        this.timeline.pending.delete('cursor');
      }
    }
  }

  /** Ends the work; what is not answered after a minute hangs. */
  async stop() {
    this.#running = false;
    await Promise.race([Promise.all(this.#loops), sleep(PATIENCE_MS, undefined, { ref: false })]);
    this.hung = [...this.timeline.pending];
  }

  /** Waits until the change stream has told of `id`; a minute at most. */
  async hears(id) {
    const deadline = performance.now() + PATIENCE_MS;
    while (!this.events.some((event) => event.id === id) && performance.now() < deadline) await sleep(50);
  }

  async close() {
    this.#running = false;
    await this.stream?.close();
  }
}

module.exports = { Workload };
