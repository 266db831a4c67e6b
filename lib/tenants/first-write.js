'use strict';

const { HOME } = require('../mongoose/tenant-connection');
const { frameOf, runIn } = require('./context');
const { removalTarget, writeTargets } = require('./write-targets');

/** What is ready on a connection: `true`, or the promise of it, by collection name. */
const READY = Symbol('polymongo#ready');

/**
 * Sees to it that a collection has its options and indexes before the first document arrives, by whatever way it comes:
 * `autoCreate` and `autoIndex` run at the first write, and reading creates nothing.
 *
 * A transaction is prepared for when it first touches a database, even by reading: what is created after its snapshot
 * was taken it cannot write to (errors 246 and 112), and an index waits for whoever has read the collection.
 */
class FirstWrites {
  /** @param {import('./tenants').Tenants} tenants */
  constructor(tenants) {
    this.tenants = tenants;
    /** The users' own models by the name of their collection. @type {Map<string, Set<any>>} */
    this.models = new Map();
    /** Databases that open transactions have touched, by session. @type {Map<number, Map<string, any>>} */
    this.transactions = new Map();
  }

  /** @param {any} model the user's own */
  expect(model) {
    const name = model.collection.collectionName;
    const known = this.models.get(name);
    if (known === undefined) this.models.set(name, new Set([model]));
    else known.add(model);
  }

  /**
   * @param {string} db
   * @param {any} body
   * @param {any} op
   * @returns {Promise<void> | null} what the command has to wait for
   */
  before(db, body, op) {
    if (op.session !== 0 && this.transactions.size > 0) {
      const touched = this.transactions.get(op.session);
      if (touched !== undefined) return this.touch(touched, db, op);
    }
    const targets = writeTargets(db, body);
    if (targets.length === 1) return this.prepare(targets[0][0], targets[0][1], op);
    const waits = targets.map(([name, collection]) => this.prepare(name, collection, op)).filter(Boolean);
    return waits.length === 0 ? null : settled(waits);
  }

  /**
   * @param {Map<string, any>} touched
   * @param {string} db
   * @param {any} op
   */
  touch(touched, db, op) {
    const known = touched.get(db);
    if (known !== undefined) return known === true ? null : known;
    const waits = [...this.models.keys()].map((collection) => this.prepare(db, collection, op)).filter(Boolean);
    const wait = waits.length === 0 ? null : settled(waits).finally(() => touched.set(db, true));
    touched.set(db, wait ?? true);
    return wait;
  }

  /**
   * @param {string} db
   * @param {string} collection
   * @param {any} op
   * @returns {Promise<void> | null}
   */
  prepare(db, collection, op) {
    if (!this.models.has(collection)) return null;
    const connection = this.tenants.knownConnection(op.codec, db);
    if (connection === undefined) return null;
    connection[READY] ??= new Map();
    const ready = connection[READY].get(collection);
    if (ready === true) return null;
    if (ready !== undefined) return this.isPreparing(connection, collection) ? null : ready;
    const preparing = this.initialise(connection, collection);
    connection[READY].set(collection, preparing);
    return preparing;
  }

  /** A hook of the preparation itself may write. @param {any} connection @param {string} collection */
  isPreparing(connection, collection) {
    return frameOf(this.tenants)?.preparing?.has(`${connection.name}.${collection}`) ?? false;
  }

  /** @param {any} connection @param {string} collection */
  async initialise(connection, collection) {
    const preparing = new Set(frameOf(this.tenants)?.preparing).add(`${connection.name}.${collection}`);
    try {
      // Never in the session of the write: a transaction could not see what it creates.
      await runIn(this.tenants, { db: connection.name, session: undefined, preparing }, async () => {
        for (const model of this.modelsOf(connection, collection)) await freshInit(model);
      });
      connection[READY].set(collection, true);
    } catch (error) {
      connection[READY].delete(collection);
      this.tenants.failed(connection.name, error);
      throw error;
    }
  }

  /** @param {any} connection @param {string} collection */
  *modelsOf(connection, collection) {
    const home = connection[HOME];
    for (const original of this.models.get(collection) ?? []) {
      if (original.base !== home.base) continue;
      yield home.bound(connection, original);
      for (const discriminator of Object.values(original.discriminators ?? {})) yield home.bound(connection, discriminator);
    }
  }

  /**
   * @param {string} db
   * @param {any} body
   */
  after(db, body) {
    const removed = removalTarget(db, body);
    if (removed === null) return;
    const [name, collection] = removed;
    for (const connection of this.tenants.connectionsNamed(name)) {
      if (collection === undefined) connection[READY] = undefined;
      else connection[READY]?.delete(collection);
    }
  }

  /** @param {number} session */
  transactionStarted(session) {
    this.transactions.set(session, new Map());
  }

  /** @param {number} session */
  transactionEnded(session) {
    this.transactions.delete(session);
  }
}

/**
 * Runs `Model.init()` whether or not it ran before: what it once made may be gone.
 * @param {any} model
 */
async function freshInit(model) {
  model.$init = undefined;
  // `catch` and not `await` alone: it tells Mongoose that a failure has a listener.
  let failure = null;
  await model.init().catch((error) => {
    failure = error;
  });
  if (failure !== null) {
    model.$init = undefined;
    throw failure;
  }
}

/** Waits for all, and fails with the first failure. @param {Promise<void>[]} waits */
async function settled(waits) {
  const outcomes = await Promise.allSettled(waits);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

module.exports = { FirstWrites };
