'use strict';

const net = require('node:net');

/** The wire's OP_MSG with one body section: for what no driver can be made to send, or to answer. */
const OP_MSG = 2013;
/** The old notation, in which a driver may greet a server that it does not know yet. */
const OP_QUERY = 2004;
const OP_REPLY = 1;
const HEADER = 16;
const BODY = HEADER + 4 + 1;

/**
 * @param {Uint8Array} body
 * @param {number} requestId
 * @param {number} [responseTo]
 */
function messageOf(body, requestId, responseTo = 0) {
  const message = Buffer.alloc(BODY + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(requestId, 4);
  message.writeInt32LE(responseTo, 8);
  message.writeInt32LE(OP_MSG, 12);
  message.set(body, BODY);
  return message;
}

/**
 * The answer to a greeting in the old notation.
 * @param {Uint8Array} document
 * @param {number} responseTo
 */
function greetingOf(document, responseTo) {
  const head = Buffer.alloc(BODY + 15);
  head.writeInt32LE(head.length + document.length, 0);
  head.writeInt32LE(responseTo, 8);
  head.writeInt32LE(OP_REPLY, 12);
  head.writeInt32LE(8, 16);
  head.writeInt32LE(1, 32);
  return Buffer.concat([head, document]);
}

/**
 * Calls `receive` with each message of a socket, whole.
 * @param {net.Socket} socket
 * @param {(message: Buffer) => void} receive
 */
function readMessages(socket, receive) {
  let waiting = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 4 && waiting.length >= waiting.readInt32LE(0)) {
      const message = waiting.subarray(0, waiting.readInt32LE(0));
      waiting = waiting.subarray(message.length);
      receive(message);
    }
  });
}

/**
 * Sends a command as these very bytes and answers the reply's.
 * @param {string} uri of a server without authentication
 * @param {Uint8Array} body with `$db`
 * @returns {Promise<Buffer>}
 */
function sendBytes(uri, body) {
  const { hostname, port } = new URL(uri);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(messageOf(body, 1)));
    socket.on('error', reject);
    readMessages(socket, (message) => {
      socket.end();
      resolve(message.subarray(BODY));
    });
  });
}

module.exports = { BODY, HEADER, OP_QUERY, greetingOf, messageOf, readMessages, sendBytes };
