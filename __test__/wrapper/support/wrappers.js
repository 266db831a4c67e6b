const mongoose = require('../../support/mongoose');
const { createWrapper } = require('../../../index');

/** Wrappers over the tests' server. Each file has its own prefix for database names, and drops what it made. */
function wrappers(prefix) {
  const made = [];
  const uri = process.env.POLYMONGO_TEST_URI;

  /** @param {Record<string, any>} [options] */
  function create(options) {
    const wrapper = createWrapper({
      mongoURI: uri,
      defaultDB: `${prefix}_main`,
      handleSignals: false,
      ...options,
    });
    made.push(wrapper);
    return wrapper;
  }

  afterAll(async () => {
    await Promise.all(made.map((wrapper) => wrapper.forceCloseAll()));
    const wrapper = createWrapper({
      mongoURI: uri,
      handleSignals: false,
      sharePool: false,
      allowSystemDatabases: true,
    });
    for (const { dbName } of await wrapper.stats.listDatabases())
      if (dbName.startsWith(`${prefix}_`)) await wrapper.dropDatabase(dbName);
    await wrapper.closeAll();
  });

  return { create, uri };
}

/** A model of a Mongoose instance of its own, so that names never meet. */
function model(name = 'Item', fields = { name: String, size: Number }) {
  return new mongoose.Mongoose().model(name, new mongoose.Schema(fields));
}

const withParameter = (uri, parameter) => `${uri}${uri.includes('?') ? '&' : '/?'}${parameter}`;

/** The connection string with a database named in it. */
const naming = (uri, database) => uri.replace(/^(mongodb:\/\/[^/?]+)\/?/, `$1/${database}`);

module.exports = { model, mongoose, naming, withParameter, wrappers };
