const net = require('node:net');
const { once } = require('node:events');
const { TcpProxy } = require('./support/tcp-proxy');

let server;
let proxy;
const sockets = [];

beforeEach(async () => {
  // Says everything back.
  server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {}).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await new TcpProxy(server.address().port).listen();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  server.close();
});

async function connect() {
  const socket = net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function echo(socket, text) {
  socket.write(text);
  const [bytes] = await once(socket, 'data');
  return String(bytes);
}

test('it passes everything on', async () => {
  expect(await echo(await connect(), 'hello')).toBe('hello');
  expect(proxy.connections).toBe(1);
});

test('a reset reaches both ends', async () => {
  const socket = await connect();
  await echo(socket, 'hello');
  const codes = [socket, sockets.at(-1)].map(
    (end) => new Promise((resolve) => end.once('error', ({ code }) => resolve(code))),
  );
  proxy.reset();
  expect(await Promise.all(codes)).toEqual(['ECONNRESET', 'ECONNRESET']);
  expect(proxy.connections).toBe(0);
});

test('half-closed, it still takes what the client sends', async () => {
  const socket = await connect();
  await echo(socket, 'hello');
  const [ended, heard] = [once(socket, 'end'), once(sockets.at(-1), 'data')];
  socket.resume();
  proxy.halfClose();
  await ended;
  socket.write('more');
  expect(String((await heard)[0])).toBe('more');
});

test('a black hole delays, and forgets nothing', async () => {
  const socket = await connect();
  await echo(socket, 'hello');
  proxy.blackHole();
  socket.write('lost?');
  const late = await connect();
  late.write('late?');
  const heard = [];
  socket.on('data', (bytes) => heard.push(String(bytes)));
  late.on('data', (bytes) => heard.push(String(bytes)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).toEqual([]);
  const both = Promise.all([once(socket, 'data'), once(late, 'data')]);
  proxy.forward();
  await both;
  expect(heard.sort()).toEqual(['late?', 'lost?']);
});

test.each(['reply', 'request'])('a %s is cut in the middle', async (kind) => {
  const socket = await connect();
  await echo(socket, 'hello');
  const heard = [];
  socket.on('data', (bytes) => heard.push(String(bytes)));
  proxy.cut(kind);
  const closed = once(socket, 'end');
  socket.write('0123456789');
  await closed;
  expect(heard).toEqual(kind === 'reply' ? ['01234'] : []);
});

test('refused, and listening again on the same port', async () => {
  const { port } = proxy;
  await proxy.refuse();
  await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.listen();
  expect(proxy.port).toBe(port);
  expect(await echo(await connect(), 'again')).toBe('again');
});
