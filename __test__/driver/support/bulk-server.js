'use strict';

const net = require('node:net');
const { HEADER, OP_QUERY, greetingOf, messageOf, readMessages } = require('../../support/wire');

/** Results per batch: a real server sends as many as fit 16 MB. */
const BATCH = 2;

/**
 * As much of a MongoDB 8.0 primary as `bulkWrite` needs: no binary of that version can be had where these tests have to
 * run. Its results come in batches of two, in the session of the command alone, as the real one's do.
 */
class BulkServer {
  /** @param {any} BSON */
  constructor(BSON) {
    this.BSON = BSON;
    /** The commands that came, but for greetings. @type {any[]} */
    this.commands = [];
    this.failsGetMore = false;
    this.cursor = { session: null, results: [] };
    this.server = net.createServer((socket) => {
      socket.on('error', () => {});
      readMessages(socket, (message) => socket.write(this.answer(message)));
    });
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${this.server.address().port}`;
    this.uri = `mongodb://${this.address}/?replicaSet=rs0&serverSelectionTimeoutMS=5000`;
  }

  stop() {
    return new Promise((resolve) => this.server.close(resolve));
  }

  answer(message) {
    const id = message.readInt32LE(4);
    if (message.readInt32LE(12) === OP_QUERY) return greetingOf(this.BSON.serialize(this.hello()), id);
    return messageOf(this.BSON.serialize(this.reply(this.command(message))), 0, id);
  }

  /** The body, with what came in sections of their own. */
  command(message) {
    let command = {};
    const lists = {};
    for (let at = HEADER + 4; at < message.length; ) {
      const sequence = message[at] === 1;
      const start = at + 1;
      const end = start + message.readInt32LE(start);
      if (sequence) {
        const name = message.toString('utf8', start + 4, message.indexOf(0, start + 4));
        lists[name] = this.documents(message.subarray(start + 5 + name.length, end));
      } else command = this.BSON.deserialize(message.subarray(start, end));
      at = end;
    }
    return { ...command, ...lists };
  }

  documents(bytes) {
    const documents = [];
    for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at))
      documents.push(this.BSON.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at))));
    return documents;
  }

  reply(command) {
    if (/^(hello|ismaster)$/i.test(Object.keys(command)[0])) return this.hello();
    if ('endSessions' in command) return { ok: 1 };
    this.commands.push(command);
    if ('bulkWrite' in command) return this.write(command);
    if ('getMore' in command) return this.more(command);
    return { ok: 1 };
  }

  hello() {
    return {
      ...{ ismaster: true, isWritablePrimary: true, setName: 'rs0', setVersion: 1, helloOk: true },
      ...{ hosts: [this.address], me: this.address, primary: this.address },
      ...{ maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
      ...{ logicalSessionTimeoutMinutes: 30, minWireVersion: 0, maxWireVersion: 25, ok: 1 },
    };
  }

  write({ ops, lsid }) {
    const results = ops.map((op, idx) => {
      if (op.document?.fails) return { ok: 0, idx, code: 11000, errmsg: 'E11000 duplicate key', n: 0 };
      return 'update' in op ? { ok: 1, idx, n: 1, nModified: 1 } : { ok: 1, idx, n: 1 };
    });
    this.cursor = { session: this.sessionOf(lsid), results: [...results] };
    const count = (kind) => ops.filter((op, i) => kind in op && results[i].ok === 1).length;
    return {
      ok: 1,
      cursor: { ...this.batch('firstBatch') },
      nErrors: results.filter(({ ok }) => ok === 0).length,
      nInserted: count('insert'),
      nMatched: count('update'),
      nModified: count('update'),
      nUpserted: 0,
      nDeleted: count('delete'),
    };
  }

  more({ getMore, collection, lsid }) {
    if (this.failsGetMore)
      return { ok: 0, code: 43, codeName: 'CursorNotFound', errmsg: 'cursor id 77 not found' };
    if (
      Number(getMore) !== 77 ||
      collection !== '$cmd.bulkWrite' ||
      this.sessionOf(lsid) !== this.cursor.session
    ) {
      return { ok: 0, code: 50_738, codeName: 'Location50738', errmsg: 'which was created in session …' };
    }
    return { ok: 1, cursor: this.batch('nextBatch') };
  }

  batch(name) {
    const documents = this.cursor.results.splice(0, BATCH);
    const id = this.BSON.Long.fromNumber(this.cursor.results.length === 0 ? 0 : 77);
    return { id, ns: 'admin.$cmd.bulkWrite', [name]: documents };
  }

  sessionOf(lsid) {
    return lsid === undefined ? null : Buffer.from(lsid.id.buffer).toString('hex');
  }
}

module.exports = { BulkServer };
