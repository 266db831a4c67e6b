'use strict';

const path = require('node:path');
const express = require('express');
const { changes } = require('./changes');

const MOST_CITIES = 200;

/**
 * The demo's routes. Each names its tenant's database; polymongo refuses the names that are no tenant's.
 *
 * @param {any} wrapper
 * @param {any} City the wrapped model
 * @param {{db: string, code: string, name: string}[]} tenants
 */
function createApp(wrapper, City, tenants) {
  const app = express();
  app.disable('x-powered-by');
  app.use((_, response, next) => {
    response.set('Content-Security-Policy', "default-src 'self'");
    next();
  });
  app.use(express.json({ limit: '10kb' }));
  app.use(express.static(path.join(__dirname, 'public')));

  app.get('/countries', (_, response) => {
    response.json(tenants.map(({ db, code, name }) => ({ db, code, name })));
  });

  app.get('/cities', async ({ query }, response) => {
    const TenantCity = City.db(query.db);
    const start = text('q', query.q);
    const limit = Math.min(count('limit', query.limit) ?? 20, MOST_CITIES);
    const [cities, total] = await Promise.all([
      TenantCity.search(start, limit),
      TenantCity.estimatedDocumentCount(),
    ]);
    response.json({ cities, total });
  });

  app.post('/cities', async ({ query, body }, response) => {
    const { name, lat, lng, admin1, admin2 } = body ?? {};
    const city = await City.db(query.db).create({ name, lat, lng, admin1, admin2 });
    response.status(201).json(city);
  });

  app.get('/watch/:db', ({ params }, response) => changes(City.db(params.db), response));

  app.get('/stats', (_, response) => response.json(wrapper.stats()));

  app.get('/health', async (_, response) => {
    const { ok, latency } = await wrapper.ping();
    response.json({ ok, latency, state: wrapper.getConnectionState() });
  });

  app.use((_, response) => response.status(404).json({ error: 'There is nothing at this address' }));
  app.use(answerError);
  return app;
}

function text(name, value) {
  if (value === undefined || typeof value === 'string') return value;
  throw badRequest(`${name} must be given once, as text`);
}

function count(name, value) {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw badRequest(`${name} must be a whole number above 0`);
}

const badRequest = (message) => Object.assign(new Error(message), { status: 400 });

/** Express knows an error handler by its four parameters. */
function answerError(error, _request, response, next) {
  if (response.headersSent) return next(error);
  const status = error.name === 'ValidationError' ? 400 : (error.status ?? 500);
  if (status >= 500) process.stderr.write(`${error.stack}\n`);
  const message = status >= 500 ? 'The request failed, the log says why' : error.message;
  response.status(status).json({ error: message, code: error.code });
}

module.exports = { createApp };
