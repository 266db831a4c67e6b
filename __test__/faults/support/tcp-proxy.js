'use strict';

const { once } = require('node:events');
const net = require('node:net');

/**
 * A TCP proxy in front of one server, which does to its connections what networks do. Everybody who is to suffer has to
 * know the server by the proxy's port. What breaks single connections leaves those between the members of a replica set
 * alone, or it would be the set that is tested.
 */
class TcpProxy {
  #listener = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
  /** @type {Set<Link>} */
  #links = new Set();
  #silent = false;

  /** @param {number} target the server's port */
  constructor(target) {
    this.target = target;
    this.port = 0;
    this.#listener.on('connection', (client) => this.#connected(client));
  }

  /** Starts listening, after {@link refuse} on the port it had. */
  async listen() {
    this.#listener.listen(this.port, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.port = /** @type {net.AddressInfo} */ (this.#listener.address()).port;
    return this;
  }

  #connected(client) {
    const link = new Link(client, this.target, () => this.#links.delete(link));
    this.#links.add(link);
    if (!this.#silent) link.open();
  }

  /** How many connections there are. */
  get connections() {
    return this.#links.size;
  }

  #clients() {
    return [...this.#links].filter(({ isMember }) => !isMember);
  }

  /** RST on every connection, to both ends. */
  reset() {
    for (const link of this.#clients()) link.reset();
  }

  /** Tells every client that nothing more will come; what it sends still arrives. */
  halfClose() {
    for (const link of this.#clients()) link.halfClose();
  }

  /** Of every connection the next message of this kind stops in the middle, and the connection ends. */
  cut(kind) {
    for (const link of this.#clients()) link.cut(kind);
  }

  /** Nothing gets through any more, and nobody is told. New connections are accepted. */
  blackHole() {
    this.#silent = true;
    for (const link of this.#links) link.pause();
  }

  /** Ends {@link blackHole}: what was sent meanwhile arrives. */
  forward() {
    this.#silent = false;
    for (const link of this.#links) link.open();
  }

  /** New connections are refused, and those there are end. */
  async refuse() {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    for (const link of [...this.#links]) link.reset();
    await closed;
  }

  async close() {
    if (this.#listener.listening) await this.refuse();
  }
}

/** A client's connection and the one to the server that belongs to it. */
class Link {
  #client;
  #target;
  #closed;
  /** @type {net.Socket | undefined} */
  #server;
  /** @type {'request' | 'reply' | undefined} */
  #cut;
  #paused = false;
  /** It comes from another member of the set, which says so in its first message. */
  isMember = false;

  constructor(client, target, closed) {
    this.#client = client;
    this.#target = target;
    this.#closed = closed;
    client.setNoDelay(true);
    client.on('error', () => this.reset());
    client.once('data', (bytes) => {
      this.isMember = bytes.includes('internalClient');
    });
  }

  open() {
    this.#paused = false;
    if (this.#server) {
      this.#client.resume();
      this.#server.resume();
      return;
    }
    this.#server = net.connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#pipe('request', this.#client, this.#server);
    this.#pipe('reply', this.#server, this.#client);
    this.#server.on('error', () => this.reset());
    this.#client.resume();
  }

  #pipe(kind, from, to) {
    from.on('data', (bytes) => {
      if (this.#cut === kind) return this.#cutOff(to, bytes);
      if (to.writable && !to.write(bytes)) {
        from.pause();
        to.once('drain', () => this.#paused || from.resume());
      }
    });
    from.on('end', () => to.end());
    from.on('close', () => {
      if (this.#client.destroyed && (this.#server?.destroyed ?? true)) this.#closed();
    });
  }

  #cutOff(to, bytes) {
    this.#cut = undefined;
    to.end(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => this.#destroy());
  }

  pause() {
    this.#paused = true;
    this.#client.pause();
    this.#server?.pause();
  }

  cut(kind) {
    this.#cut = kind;
  }

  halfClose() {
    this.#client.end();
  }

  reset() {
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    if (this.#server && !this.#server.destroyed) this.#server.resetAndDestroy();
    this.#closed();
  }

  #destroy() {
    this.#client.destroy();
    this.#server?.destroy();
    this.#closed();
  }
}

module.exports = { TcpProxy };
