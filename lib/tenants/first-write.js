'use strict';

const { HOME } = require('../mongoose/home');
const { originalOf } = require('../mongoose/originals');
const { frameOf, runIn } = require('./context');
const { writeTargets } = require('./write-targets');

/** What is ready on a connection: `true`, or the promise of it, by collection name. */
const READY = Symbol('polymongo#ready');

/** The statics that make a collection ready. */
const STEPS = ['init', 'createCollection', 'ensureIndexes', 'createIndexes', 'createSearchIndexes'];

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

  /** A model that is no more; what takes its place makes its collection ready again. @param {any} model */
  unexpect(model) {
    const name = model.collection.collectionName;
    this.models.get(name)?.delete(model);
    if (this.models.get(name)?.size === 0) this.models.delete(name);
    for (const connection of this.tenants.connections()) connection[READY]?.delete(name);
  }

  /**
   * @param {string} name of the command
   * @param {string} db
   * @param {any} body
   * @param {any} op
   * @returns {Promise<void> | null} what the command has to wait for
   */
  before(name, db, body, op) {
    const targets = writeTargets(name, db, body);
    const touched = op.session ? this.transactions.get(op.session) : undefined;
    if (touched !== undefined) return this.beforeInTransaction(touched, db, targets, op);
    /** @type {Promise<void>[]} */
    const waits = [];
    for (const [target, collection] of targets) {
      const wait = this.prepare(target, collection, op);
      if (wait !== null) waits.push(wait);
    }
    return waits.length === 0 ? null : all(waits);
  }

  /**
   * @param {Map<string, any>} touched
   * @param {string} db
   * @param {[string, string][]} targets
   * @param {any} op
   */
  beforeInTransaction(touched, db, targets, op) {
    const wait = this.touch(touched, db, op);
    if (wait !== null) return wait.then(() => this.refuseUnprepared(touched, targets, op));
    this.refuseUnprepared(touched, targets, op);
    return null;
  }

  /**
   * @param {Map<string, any>} touched
   * @param {string} db
   * @param {any} op
   * @returns {Promise<void> | null}
   */
  touch(touched, db, op) {
    const known = touched.get(db);
    if (known !== undefined) return known instanceof Promise ? known : null;
    /** @type {Map<string, Error>} */
    const failures = new Map();
    const waits = [...this.models.keys()].map((collection) =>
      this.prepare(db, collection, op)?.catch((error) => void failures.set(collection, error)),
    );
    const wait = waits.some(Boolean) ? Promise.all(waits).then(() => void touched.set(db, failures)) : null;
    touched.set(db, wait ?? failures);
    return wait;
  }

  /**
   * Only a model that came up in the middle of a transaction gets this far without being ready.
   * @param {Map<string, any>} touched
   * @param {[string, string][]} targets
   * @param {any} op
   */
  refuseUnprepared(touched, targets, op) {
    for (const [db, collection] of targets) {
      const failure = touched.get(db)?.get?.(collection);
      if (failure !== undefined) throw failure;
      if (this.isReady(op, db, collection)) continue;
      const error = new op.codec.mongo.MongoTransactionError(
        `The collection "${collection}" of "${db}" has to be created before the transaction starts; run the transaction again`,
      );
      error.addErrorLabel('TransientTransactionError');
      throw error;
    }
  }

  /** @param {any} op @param {string} db @param {string} collection */
  isReady(op, db, collection) {
    if (!this.models.has(collection)) return true;
    const connection = this.tenants.knownConnection(op.codec, db);
    return connection === undefined || connection[READY]?.get(collection) === true;
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
    const models = [...this.modelsOf(connection, collection)];
    const work = async () => {
      for (const model of models) await init(model);
    };
    const frame = frameOf(this.tenants);
    try {
      // A frame is for those who need one: the first makes every promise of the process dearer, for good.
      if (frame === undefined && !models.some(takesPart)) await work();
      else await this.prepareInFrame(connection, collection, frame?.preparing, work);
      connection[READY].set(collection, true);
    } catch (error) {
      connection[READY].delete(collection);
      this.tenants.failed(connection.name, error);
      throw error;
    }
  }

  /**
   * Never in the session of the write: a transaction could not see what it creates.
   * @param {any} connection
   * @param {string} collection
   * @param {Set<string> | undefined} others that are being prepared around
   * @param {() => Promise<void>} work
   */
  async prepareInFrame(connection, collection, others, work) {
    const preparing = new Set(others).add(`${connection.name}.${collection}`);
    const place = this.tenants.isControl(connection.name) ? {} : { db: connection.name };
    await runIn(this.tenants, { ...place, session: undefined, timeoutMS: undefined, preparing }, work);
  }

  /** @param {any} connection @param {string} collection */
  *modelsOf(connection, collection) {
    const home = connection[HOME];
    for (const original of this.models.get(collection) ?? []) {
      if (original.base !== home.base || !home.livesIn(original, connection.name)) continue;
      yield home.bound(connection, original);
      for (const discriminator of Object.values(original.discriminators ?? {}))
        yield home.bound(connection, discriminator);
    }
  }

  /**
   * What was removed must be made again.
   * @param {{db: string, collection?: string}} removed
   */
  forget({ db, collection }) {
    for (const connection of this.tenants.connectionsNamed(db)) {
      if (collection === undefined) connection[READY] = undefined;
      else connection[READY]?.delete(collection);
      for (const model of Object.values(connection.models)) {
        if (collection === undefined || model.collection.collectionName === collection)
          model.$init = undefined;
      }
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
 * Whether code of the user's takes part in making the collection ready: it may write to it.
 * @param {any} model
 */
function takesPart(model) {
  const { base, schema } = originalOf(model);
  return (
    schema.s.hooks.hasHooks('createCollection') ||
    STEPS.some((name) => originalOf(model)[name] !== base.Model[name])
  );
}

/** @param {any} model */
async function init(model) {
  let failure = null;
  // `catch` and not `await` alone: it tells Mongoose that somebody looks at a failure.
  await model.init().catch((error) => {
    failure = error;
  });
  if (failure === null) return;
  model.$init = undefined;
  throw failure;
}

/** @param {Promise<void>[]} waits */
async function all(waits) {
  await Promise.all(waits);
}

exports.FirstWrites = FirstWrites;
