'use strict';

/** Proxies close a connection on which nothing happens. */
const KEEP_ALIVE_MS = 20_000;

/**
 * Answers a request with a tenant's changes, as they happen (server-sent events), until the browser goes away.
 *
 * @param {any} TenantCity the model of one tenant
 * @param {import('express').Response} response
 */
function changes(TenantCity, response) {
  const stream = TenantCity.watch([], { fullDocument: 'updateLookup' });
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.flushHeaders();
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const timer = setInterval(() => response.write(':\n\n'), KEEP_ALIVE_MS);

  stream.on('change', ({ operationType, documentKey, fullDocument }) => {
    send('change', { operationType, _id: documentKey?._id, city: fullDocument });
  });
  stream.on('error', (error) => {
    process.stderr.write(`${error.stack}\n`);
    response.end();
  });
  stream.on('close', () => response.end());
  response.on('close', () => {
    clearInterval(timer);
    stream.close();
  });
}

module.exports = { changes };
