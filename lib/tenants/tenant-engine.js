'use strict';

const { frameOf } = require('./context');
const { commandName, readable, removals } = require('./write-targets');

const NAMESPACE_EXISTS = 48;

/** Whoever asked hears of it. */
const ignored = () => {};

/**
 * The engine as one wrapper's clients see it: the same, but that a first write waits until its collection is ready.
 *
 * @param {any} engine the wrapper's sight of the engine: its methods need no `this`
 * @param {import('./first-write').FirstWrites} firstWrites
 * @param {(dbName: string) => void} exists told of databases that exist for certain
 */
function tenantEngine(engine, firstWrites, exists) {
  return Object.assign(Object.create(engine), {
    /** @param {string} db @param {any} body @param {any} op */
    command(db, body, op) {
      const command = readable(body);
      const name = commandName(command);
      const wait = firstWrites.before(name, db, command, op);
      const reply =
        wait === null ? engine.command(db, body, op) : wait.then(() => engine.command(db, body, op));
      if (name === 'create') {
        const created = frameOf(firstWrites.tenants)?.created;
        if (created !== undefined) reply.then(() => created.add(command.create), ignored);
        noteExistence(reply, () => exists(db));
      }
      const removed = removals(name, db, command);
      if (removed.length === 0) return reply;
      return reply.finally(() => {
        for (const each of removed) firstWrites.forget(each);
      });
    },

    /** @param {string} db @param {any} body @param {any} op */
    openCursor(db, body, op) {
      const wait = firstWrites.before(commandName(body), db, body, op);
      return wait === null
        ? engine.openCursor(db, body, op)
        : wait.then(() => engine.openCursor(db, body, op));
    },

    /** @param {number} session @param {any} options */
    startTransaction(session, options) {
      engine.startTransaction(session, options);
      firstWrites.transactionStarted(session);
    },

    /** @param {number} session @param {any} op */
    commitTransaction(session, op) {
      firstWrites.transactionEnded(session);
      return engine.commitTransaction(session, op);
    },

    /** @param {number} session @param {any} op */
    abortTransaction(session, op) {
      firstWrites.transactionEnded(session);
      return engine.abortTransaction(session, op);
    },

    /** @param {number} session */
    endSession(session) {
      firstWrites.transactionEnded(session);
      return engine.endSession(session);
    },
  });
}

/**
 * @param {Promise<any>} creation
 * @param {() => void} exists
 */
function noteExistence(creation, exists) {
  creation.then(exists, ({ code }) => {
    if (code === NAMESPACE_EXISTS) exists();
  });
}

module.exports = { tenantEngine };
