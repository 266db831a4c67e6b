'use strict';

const mongoose = require('./mongoose');
const { createWrapper } = require('../..');

const uri = process.env.POLYMONGO_TEST_URI;

/**
 * A Mongoose instance with a wrapper around it, and the official client to look at the server with.
 * @param {string} prefix of all database names of the test file
 * @param {object} [options] of the wrapper
 */
function openTenants(prefix, options = {}) {
  const base = new mongoose.Mongoose();
  // An unbound model waits for a connection that never comes: not for long.
  base.set('bufferTimeoutMS', 500);
  const wrapper = createWrapper({
    mongoURI: uri,
    defaultDB: `${prefix}_default`,
    handleSignals: false,
    sharePool: false,
    ...options,
  });
  const server = new mongoose.mongo.MongoClient(uri);

  /** Drops every database of the prefix. */
  async function clear() {
    const { databases } = await server.db('admin').admin().listDatabases({ nameOnly: true });
    for (const { name } of databases) if (name.startsWith(`${prefix}_`)) await server.db(name).dropDatabase();
  }

  async function close() {
    await clear();
    await wrapper.forceCloseAll();
    await server.close(true);
  }

  return { base, wrapper, server, clear, close, name: (tenant) => `${prefix}_${tenant}` };
}

module.exports = { mongoose, openTenants, uri };
