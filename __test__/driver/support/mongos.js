'use strict';

const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { BODY, OP_QUERY, greetingOf, messageOf, readMessages } = require('../../support/wire');

const DELAY_MS = 100;
const CURSOR_NOT_FOUND = { ok: 0, code: 43, codeName: 'CursorNotFound', errmsg: 'cursor not found' };
const NO_SUCH_TRANSACTION = {
  ...{ ok: 0, code: 251, codeName: 'NoSuchTransaction', errmsg: 'was started by another router' },
  errorLabels: ['TransientTransactionError'],
};

/**
 * A router in front of a real server, as a client sees one of a sharded cluster: no binary of a mongos can be had where
 * these tests have to run. What is done is done by the server; cursors and transactions are known to the router alone that
 * they were opened by, and behind a load balancer to the connection alone.
 */
class Mongos {
  /** @param {any} BSON @param {number} port of the server @param {{perConnection?: boolean}} [options] */
  constructor(BSON, port, { perConnection = false } = {}) {
    this.BSON = BSON;
    this.port = port;
    this.perConnection = perConnection;
    this.serviceId = new BSON.ObjectId();
    /** The commands that came, but for greetings. @type {any[]} */
    this.commands = [];
    /** The name of the command whose replies take a while. @type {string?} */
    this.delays = null;
    /** The name of the command whose next reply is lost together with the connection. @type {string?} */
    this.loses = null;
    this.opened = opened();
    /** @type {Set<net.Socket>} */
    this.sockets = new Set();
    this.listener = net.createServer((socket) => this.serve(socket));
  }

  async start() {
    await new Promise((resolve) => this.listener.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${this.listener.address().port}`;
  }

  async stop() {
    const closed = new Promise((resolve) => this.listener.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** @param {net.Socket} client */
  serve(client) {
    const server = net.connect(this.port, '127.0.0.1');
    const known = this.perConnection ? opened() : this.opened;
    /** Replies come in the order of the commands. @type {any[]} */
    const asked = [];
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    readMessages(client, (message) => {
      const id = message.readInt32LE(4);
      if (message.readInt32LE(12) === OP_QUERY)
        return client.write(greetingOf(this.BSON.serialize(this.hello()), id));
      const command = this.bodyOf(message);
      const name = Object.keys(command)[0];
      if (/^(hello|ismaster)$/i.test(name))
        return client.write(messageOf(this.BSON.serialize(this.hello()), 0, id));
      this.commands.push(command);
      const refusal = refusalOf(command, known);
      if (refusal) return client.write(messageOf(this.BSON.serialize(refusal), 0, id));
      asked.push(command);
      server.write('recoveryToken' in command ? this.without('recoveryToken', message) : message);
    });
    let before = Promise.resolve();
    readMessages(server, (message) => {
      const command = asked.shift();
      const reply = this.bodyOf(message);
      if (reply.cursor?.id) known.cursors.add(String(reply.cursor.id));
      if (this.loses !== null && this.loses in command) {
        this.loses = null;
        return client.destroy();
      }
      const delay = this.delays !== null && this.delays in command ? DELAY_MS : 0;
      before = before.then(async () => {
        if (delay > 0) await sleep(delay);
        client.write(command.autocommit === false ? this.withRecoveryToken(message) : message);
      });
    });
  }

  hello() {
    return {
      ...{ ismaster: true, isWritablePrimary: true, msg: 'isdbgrid', helloOk: true },
      ...{ maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
      ...{ logicalSessionTimeoutMinutes: 30, minWireVersion: 0, maxWireVersion: 17, ok: 1 },
      ...(this.perConnection && { serviceId: this.serviceId }),
    };
  }

  bodyOf(message) {
    const size = message.readInt32LE(BODY);
    return this.BSON.deserialize(message.subarray(BODY, BODY + size), { useBigInt64: true });
  }

  /** What is sent to no server but a router. */
  without(field, message) {
    const { [field]: _, ...rest } = this.exactly(message);
    return messageOf(this.BSON.serialize(rest), message.readInt32LE(4));
  }

  withRecoveryToken(message) {
    const reply = { ...this.exactly(message), recoveryToken: { recoveryShardId: this.address } };
    return messageOf(this.BSON.serialize(reply), message.readInt32LE(4), message.readInt32LE(8));
  }

  exactly(message) {
    return this.BSON.deserialize(message.subarray(BODY), { promoteValues: false });
  }
}

const opened = () => ({ cursors: new Set(), transactions: new Set() });

/** Why a router does not know what a command goes on with; null when it does, or when nothing was before. */
function refusalOf(command, { cursors, transactions }) {
  if ('getMore' in command && !cursors.has(String(command.getMore))) return CURSOR_NOT_FOUND;
  if (command.autocommit !== false) return null;
  const transaction = `${Buffer.from(command.lsid.id.buffer).toString('hex')} ${command.txnNumber}`;
  if (command.startTransaction) transactions.add(transaction);
  // Any router commits what a recovery token tells it of.
  return transactions.has(transaction) || command.recoveryToken ? null : NO_SUCH_TRANSACTION;
}

module.exports = { Mongos };
