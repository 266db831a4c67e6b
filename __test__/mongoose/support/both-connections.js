'use strict';

const { Writable } = require('node:stream');
const mongoose = require('../../support/mongoose');
const driver = require('../../../driver');

/**
 * Mongoose on our driver and Mongoose on its own, each with a database of its own: a test says what to do once.
 * @param {string} name of the databases' prefix
 * @param {any} [options] of both connections
 */
function bothConnections(name, options = {}) {
  const sides = ['ours', 'official'].map((side) => {
    const base = new mongoose.Mongoose();
    if (side === 'ours') base.setDriver(driver);
    return { side, base, dbName: `${name}_${side}`, connection: base.createConnection() };
  });

  async function open() {
    for (const { connection, dbName } of sides)
      await connection.openUri(process.env.POLYMONGO_TEST_URI, { ...options, dbName });
  }

  /** Runs the same on both; resolves with what both came to. */
  async function same(run) {
    const [mine, theirs] = [await outcome(run, sides[0]), await outcome(run, sides[1])];
    expect(mine).toEqual(theirs);
    return mine;
  }

  async function close() {
    for (const { connection } of sides) {
      await connection.dropDatabase();
      await connection.close();
    }
  }

  return { open, same, close };
}

async function outcome(run, side) {
  try {
    return { value: shown(await run(side), side) };
  } catch (error) {
    return { error: shown({ name: error.name, message: error.message }, side) };
  }
}

/** Without what is different every time. */
function shown(value, { dbName }) {
  const text = JSON.stringify(value, (_key, item) => (item === undefined ? '(undefined)' : item));
  return JSON.parse(
    text
      .replaceAll(dbName, 'DB')
      .replaceAll(
        /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{24}/g,
        'an id',
      ),
  );
}

/** A stream for `mongoose.set('debug', …)`, and its lines. */
function lines() {
  const written = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: Mongoose colours its output
      written.push(chunk.toString().replaceAll(/\u001b\[[\d;]*m/g, ''));
      done();
    },
  });
  return { stream, written };
}

module.exports = { bothConnections, lines };
