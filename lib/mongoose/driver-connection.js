'use strict';

const { inspect } = require('node:util');
const { createClient } = require('../driver/client');
const { codecOfMongoose } = require('../protocol/codec');
const { inheritedOptions } = require('../protocol/connection-string');
const { refuseClient, showConnection } = require('./connection-members');
const { refuseEncryptedSchema } = require('./encrypted-schemas');
const { splitOptions } = require('./mongoose-options');
const { openEngine } = require('./open-engine');

/** Tests put clocks of their own in the place of the global one. */
const { now } = Date;

const STATE = { disconnected: 0, connected: 1, connecting: 2 };

/**
 * Mongoose's own connection on an engine in the place of the official client: what `mongoose.setDriver()` takes.
 * @param {{Connection: any}} native
 */
function driverConnectionClass(native) {
  // The name is visible to users, who compare it.
  return class NativeConnection extends native.Connection {
    /**
     * @param {any} uri
     * @param {any} [given]
     */
    async createClient(uri, given) {
      if (!this.mayOpen(uri)) return super.createClient(uri, given);
      const { config, user, pass, dbName, options } = splitOptions(this.base, uri, given);
      Object.assign(this.config, config);
      if (user || pass) Object.assign(this, { user, pass });
      if (dbName != null) this.$dbName = dbName;
      this._connectionOptions = options;
      options.driverInfo ??= { name: 'Mongoose', version: this.base.version };
      Object.values(this.models).forEach(refuseEncryptedSchema);

      this.readyState = STATE.connecting;
      this._connectionString = uri;
      const { engine, connection, ...opened } = openEngine(this.base, uri, options);
      const client = createClient(engine, codecOfMongoose(this.base), {
        ...connection.config,
        ...options,
        ...inheritedOptions(connection),
        // Mongoose takes twice this time of silence for a frozen process: what was asked for, not how often the engine asks.
        heartbeatFrequencyMS: opened.heartbeatFrequencyMS,
        dbName: dbName ?? opened.dbName,
      });
      this.client = client;
      client.setMaxListeners(0);
      try {
        await client.connect();
      } catch (error) {
        await engine.close({ force: true });
        throw error;
      }
      attach(this, client, dbName, options.monitorCommands === true);
      for (const other of this.otherDbs) attach(other, client, other.name, false);
      return this;
    }

    /** Whether Mongoose would go on to make a client; where not, its own messages say why. @param {any} uri */
    mayOpen(uri) {
      const active = this.readyState === STATE.connecting || this.readyState === STATE.connected;
      return typeof uri === 'string' && !this._destroyCalled && !(active && this._connectionString !== uri);
    }

    setClient() {
      refuseClient();
    }

    [inspect.custom](_depth, options) {
      return showConnection(this, options);
    }
  };
}

/**
 * Ties a connection to a client: its database and names, and its state to what becomes of the servers.
 * @param {any} connection
 * @param {any} client
 * @param {string | undefined} dbName
 * @param {boolean} monitorCommands
 */
function attach(connection, client, dbName, monitorCommands) {
  connection.client = client;
  connection.db = client.db(dbName);
  connection.name = connection.db.databaseName;
  connection._closeCalled = client._closeCalled;
  connection._lastHeartbeatAt = null;
  const { description } = client.topology;
  const [server] = description.servers.values();
  connection.host = server?.host;
  connection.port = server?.port;
  if (description.type === 'Single') {
    client.on('serverDescriptionChanged', ({ newDescription }) => {
      if (newDescription.type === 'Unknown') connection.readyState = STATE.disconnected;
      else reconnected(connection);
    });
  } else if (description.type.startsWith('ReplicaSet')) {
    client.on('topologyDescriptionChanged', ({ newDescription }) => {
      const hasPrimary = newDescription.type === 'ReplicaSetWithPrimary';
      if (connection.readyState === STATE.connected && !hasPrimary)
        connection.readyState = STATE.disconnected;
      else if (connection.readyState === STATE.disconnected && hasPrimary) reconnected(connection);
    });
  }
  client.on('serverHeartbeatSucceeded', () => heard(connection));
  if (monitorCommands) {
    for (const event of ['commandStarted', 'commandSucceeded', 'commandFailed']) {
      client.on(event, (details) => connection.emit(event, details));
    }
  }
  // Opens the collections too.
  connection.onOpen();
}

/** @param {any} connection */
function reconnected(connection) {
  if (connection.readyState === STATE.connected) return;
  connection.readyState = STATE.connected;
  connection.emit('reconnect');
  connection.emit('reconnected');
  connection.onOpen();
}

/**
 * A process that was frozen takes its connection for open until it hears from the servers again; what was asked
 * meanwhile is buffered.
 * @param {any} connection
 */
function heard(connection) {
  for (const each of [connection, ...connection.otherDbs]) {
    each._lastHeartbeatAt = now();
    if (each._queue.length > 0 && each.readyState === STATE.connected) each._flushQueue?.();
  }
  for (const collection of Object.values(connection.collections)) {
    if (collection.buffer) collection.onOpen();
  }
}

module.exports = { driverConnectionClass };
