'use strict';

const { Readable } = require('node:stream');
const { PolyMongoError } = require('../error');
const { readOwn } = require('../wrapper/check-options');
const { CONCURRENCY, selectTenants } = require('./select-tenants');

/** @type {import('../protocol/option-values').OptionEntry[]} */
const OPTIONS = [{ name: 'concurrency', kind: 'own', type: 'count', default: CONCURRENCY }];

/** Rows that wait to be read. Batches of the open cursors wait besides. */
const WAITING_ROWS = 16;

/**
 * Where rows of one tenant come from. `next` answers null at the end.
 * @typedef {{next(): Promise<any>, close(): Promise<unknown>}} Source
 */

/** One model in many tenants: the same question to each, the answers as one stream of rows that name their tenant. */
class Across {
  #tenants;
  #original;
  #selection;
  #concurrency;

  /**
   * @param {import('./tenants').Tenants} tenants
   * @param {any} original  the user's own model
   * @param {unknown} selection
   * @param {any} options
   */
  constructor(tenants, original, selection, options) {
    this.#tenants = tenants;
    this.#original = original;
    this.#selection = selection;
    this.#concurrency = readOwn(OPTIONS, options, 'across').concurrency;
  }

  /** @param {any} [filter] @param {any} [projection] @param {any} [options] */
  find(filter, projection, options) {
    return this.#rows((model) => documents(model.find(filter, projection, options).cursor()));
  }

  /** @param {any[]} [pipeline] @param {any} [options] */
  aggregate(pipeline, options) {
    return this.#rows((model) => documents(model.aggregate(pipeline, options).cursor()));
  }

  /** @param {any} [filter] @param {any} [options] */
  countDocuments(filter, options) {
    return this.#rows((model) => {
      let asked = false;
      return {
        async next() {
          if (asked) return null;
          asked = true;
          return { count: await model.countDocuments(filter, options) };
        },
        close: async () => {},
      };
    });
  }

  /** @param {(model: any) => Source} ask */
  #rows(ask) {
    const open = (/** @type {string} */ dbName) => ask(this.#tenants.model(this.#original, dbName));
    const chosen = () => selectTenants(this.#tenants, this.#selection);
    return Readable.from(rowsOf(chosen, this.#concurrency, open), { highWaterMark: WAITING_ROWS });
  }
}

/** @param {any} cursor a cursor of Mongoose's @returns {Source} */
function documents(cursor) {
  return {
    async next() {
      const document = await cursor.next();
      return document === null ? null : { document };
    },
    close: () => cursor.close(),
  };
}

/**
 * As they come, of a limited number of tenants at a time, each with one row under way.
 *
 * @param {() => Promise<{name: string, dbName: string}[]>} chosen
 * @param {number} concurrency
 * @param {(dbName: string) => Source} open
 */
async function* rowsOf(chosen, concurrency, open) {
  const waiting = (await chosen()).values();
  /** @type {Set<Source>} */
  const sources = new Set();
  /** @type {{tenant: string, source?: Source, row?: any, error?: any}[]} */
  const arrived = [];
  let wake = () => {};
  const arrive = (/** @type {(typeof arrived)[number]} */ arrival) => {
    arrived.push(arrival);
    wake();
  };
  const advance = (/** @type {string} */ tenant, /** @type {Source} */ source) => {
    source.next().then(
      (row) => arrive({ tenant, source, row }),
      (error) => arrive({ tenant, error }),
    );
  };
  const begin = () => {
    const { value, done } = waiting.next();
    if (done) return false;
    const { name, dbName } = value;
    try {
      const source = open(dbName);
      sources.add(source);
      advance(name, source);
    } catch (error) {
      throw failure(name, error);
    }
    return true;
  };

  try {
    while (sources.size < concurrency && begin());
    while (sources.size > 0) {
      if (arrived.length === 0) {
        await new Promise((resolve) => {
          wake = /** @type {() => void} */ (resolve);
        });
      }
      const { tenant, source, row, error } = /** @type {(typeof arrived)[number]} */ (arrived.shift());
      if (source === undefined) throw failure(tenant, error);
      if (row === null) {
        sources.delete(source);
        begin();
      } else {
        advance(tenant, source);
        yield { tenant, ...row };
      }
    }
  } finally {
    await Promise.allSettled([...sources].map((source) => source.close()));
  }
}

/** @param {string} tenant @param {any} cause */
function failure(tenant, cause) {
  return new PolyMongoError(`The tenant ${JSON.stringify(tenant)} failed: ${cause?.message ?? cause}`, {
    code: 'TENANT_FAILED',
    tenant,
    cause,
  });
}

exports.Across = Across;
