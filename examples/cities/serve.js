'use strict';

const { once } = require('node:events');
const http = require('node:http');
const { createApp } = require('./app');

/**
 * Serves the page and the routes until `stop()`.
 *
 * @param {{wrapper: any, City: any, tenants: object[]}} cities
 * @param {number} port 0 = any that is free
 */
async function serve({ wrapper, City, tenants }, port) {
  const server = http.createServer(createApp(wrapper, City, tenants));
  await listen(server, port);
  const stop = async () => {
    server.close();
    // Browsers that watch a tenant would keep the server open for ever.
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://localhost:${server.address().port}`, stop };
}

/** Better known before everything is loaded than after. */
async function requireFreePort(port) {
  const server = http.createServer();
  await listen(server, port);
  server.close();
  await once(server, 'close');
}

async function listen(server, port) {
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is taken; choose another one: PORT=${port + 1} npm run demo`, {
      cause: error,
    });
  }
}

module.exports = { requireFreePort, serve };
