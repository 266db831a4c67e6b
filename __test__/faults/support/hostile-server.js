'use strict';

const { once } = require('node:events');
const net = require('node:net');

const OP_MSG = 2013;

/** A message's header: its length, its id, what it answers, its kind. */
function header(length) {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(length, 0);
  bytes.writeInt32LE(1, 4);
  bytes.writeInt32LE(OP_MSG, 12);
  return bytes;
}

/** A whole message around what should be a document. */
function message(document) {
  return Buffer.concat([header(16 + 5 + document.length), Buffer.from([0, 0, 0, 0, 0]), document]);
}

const documentOf = (length, ...rest) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(length);
  return Buffer.concat([bytes, ...rest]);
};

/** As much as the socket takes, until it is closed. */
function stream(socket, bytes) {
  if (socket.listenerCount('drain') > 0) return;
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

/** What a server may answer that is broken, or means harm. @type {Record<string, (socket: net.Socket) => void>} */
const attacks = {
  'frames of length 0, without end': (socket) => stream(socket, Buffer.alloc(64 * 1024)),
  'a frame of length 8': (socket) => socket.write(header(8)),
  'a frame of 2^31-1 bytes, and a stream': (socket) => {
    socket.write(header(0x7fffffff));
    stream(socket, Buffer.alloc(64 * 1024, 1));
  },
  'the largest frame allowed, and nothing in it': (socket) => socket.write(header(48_000_000)),
  'a frame of negative length': (socket) => socket.write(header(-1)),
  garbage: (socket) => stream(socket, Buffer.from('not the wire protocol at all\r\n'.repeat(1000))),
  silence: () => {},
  'a document longer than its frame': (socket) => socket.write(message(documentOf(1000, Buffer.alloc(6)))),
  'a document of negative length': (socket) => socket.write(message(documentOf(-5, Buffer.alloc(20)))),
  'a string that never ends': (socket) => {
    const text = Buffer.from([2, 0x61, 0, 0xff, 0xff, 0xff, 0x7f, 0x62, 0x62, 0x62, 0]);
    socket.write(message(documentOf(4 + text.length, text)));
  },
  'a type that does not exist': (socket) => {
    socket.write(message(documentOf(9, Buffer.from([0x55, 0x61, 0, 0, 0]))));
  },
  // Deeper than any server nests; the driver reads a handshake's reply before we do, and recursively.
  'documents nested 200 deep': (socket) => socket.write(message(nested(200))),
};

/** What only a real server's place lets through: the reply of a query. @type {typeof attacks} */
const attacksOnQueries = {
  ...attacks,
  'a reply nested 10,000 deep': (socket) => socket.write(message(nested(10_000))),
  'a result nested 10,000 deep': (socket) => socket.write(message(results(nested(10_000)))),
};

/** `{a: {a: {a: …}}}` */
function nested(levels) {
  const heads = Array.from({ length: levels }, (_, level) =>
    documentOf(5 + 8 * (levels - level), Buffer.from([0x03, 0x61, 0])),
  );
  return Buffer.concat([...heads, documentOf(5, Buffer.alloc(1)), Buffer.alloc(levels)]);
}

/** The reply of a query that found `document`. */
function results(document) {
  const element = (type, name, bytes) =>
    Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), bytes]);
  const whole = (...elements) => {
    const body = Buffer.concat([...elements, Buffer.alloc(1)]);
    return documentOf(4 + body.length, body);
  };
  const ns = Buffer.from('hostile.hostile\0');
  const cursor = whole(
    element(0x12, 'id', Buffer.alloc(8)),
    element(0x02, 'ns', documentOf(ns.length, ns)),
    element(0x04, 'firstBatch', whole(element(0x03, '0', document))),
  );
  return whole(element(0x03, 'cursor', cursor), element(0x10, 'ok', Buffer.from([1, 0, 0, 0])));
}

/**
 * A server that answers everything with an attack. With `behind`, it passes on what it gets to the real server there, and
 * attacks only who asks for the collection `hostile`.
 * @param {(socket: net.Socket) => void} attack
 * @param {number} [behind] a real server's port
 */
async function startHostileServer(attack, behind) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let attacked = false;
    const real = behind === undefined ? undefined : net.connect(behind, '127.0.0.1');
    real?.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    real?.on('data', (bytes) => attacked || socket.write(bytes));
    socket.on('close', () => real?.destroy());
    socket.on('data', (bytes) => {
      if (real && !bytes.includes('hostile')) return real.write(bytes);
      attacked = true;
      attack(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  return {
    port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

module.exports = { attacks, attacksOnQueries, startHostileServer };
