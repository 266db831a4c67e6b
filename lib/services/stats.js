'use strict';

const { READY_STATE } = require('../wrapper/lifecycle');

const MEGABYTE = 1024 * 1024;
/** Collections of the user's, not the server's own. */
const OWN = { type: 'collection', name: { $not: /^system\./ } };
/** Asked by ourselves, for all databases. */
const ADMIN = 'admin';

/** @param {number} bytes */
const inMegabytes = (bytes) => bytes / MEGABYTE;

/** The figures of one pool as polymongo 1.3 named them. @param {any} pool */
function poolStats(pool) {
  const { totalConnections, availableConnections, inUseConnections, waitQueueSize, maxPoolSize } = pool;
  const maxIdleTimeMS = pool.maxIdleTimeMS === null ? {} : { maxIdleTimeMS: pool.maxIdleTimeMS };
  const minPoolSize = pool.minPoolSize ?? 0;
  return {
    totalConnections,
    availableConnections,
    inUseConnections,
    waitQueueSize,
    maxPoolSize,
    minPoolSize,
    ...maxIdleTimeMS,
  };
}

/** Databases in use. @param {any} stats @returns {string[]} */
const databasesOf = (stats) =>
  stats.databases
    .map((/** @type {any} */ { name }) => name)
    .filter((/** @type {string} */ name) => name !== ADMIN);

/** @param {string[]} hosts */
const shownUri = (hosts) => `mongodb://${hosts.join(',')}`;

/**
 * `wrapper.stats`: a function with methods. What comes from memory comes at once, and is real on a cold wrapper too.
 * @param {object} parts
 * @param {any} parts.engine
 * @param {import('../wrapper/database-names').DatabaseNames} parts.names
 * @param {string} parts.defaultDB
 * @param {string[]} parts.hosts
 * @param {import('./scale').Scale} parts.scale
 * @param {import('../wrapper/lifecycle').Lifecycle} parts.lifecycle
 * @param {import('../tenants/tenants').Tenants} parts.tenants
 * @param {Record<string, any>} parts.options
 * @param {() => any} parts.operation
 */
function createStats({ engine, names, defaultDB, hosts, scale, lifecycle, tenants, options, operation }) {
  /** The tenant of a database, where the two have different names. @param {string} dbName */
  function tenantOf(dbName) {
    const tenant = options.databaseName === undefined ? undefined : tenants.tenantOf(dbName);
    return tenant === undefined ? {} : { tenant };
  }

  const operationPools = () => engine.stats().pools.filter((/** @type {any} */ { streams }) => !streams);

  /** @param {any} stats */
  function described(stats) {
    const pools = stats.pools.filter((/** @type {any} */ { streams }) => !streams);
    const shared = pools.find((/** @type {any} */ { name }) => name === '');
    const open = pools.filter((/** @type {any} */ { state }) => state !== 'idle' && state !== 'closed');
    const used = databasesOf(stats);
    const separateDB = [...scale.entries()].map(([dbName, configured]) => {
      const pool = pools.find((/** @type {any} */ { name }) => name === dbName);
      return {
        dbName,
        ...(configured.hosts === null ? {} : { mongoURI: shownUri(configured.hosts) }),
        readyState: lifecycle.readyState(dbName),
        lastAccessed: pool?.lastUsedMS ?? 0,
        isInitialized: open.includes(pool),
        config: configured.shown,
        poolStats: pool ? poolStats(pool) : null,
      };
    });
    return {
      totalActivePools: open.length,
      totalConnectionsAcrossPools: pools.reduce((sum, { totalConnections }) => sum + totalConnections, 0),
      primary: open.includes(shared)
        ? {
            readyState: READY_STATE[lifecycle.state] ?? 0,
            poolStats: poolStats(shared),
            sharedDatabases: used.filter((name) => !scale.has(name)),
          }
        : null,
      separateDB,
    };
  }

  const general = () => described(engine.stats());

  function overview() {
    const stats = engine.stats();
    const databases = databasesOf(stats);
    const shared = poolStats(
      stats.pools.find((/** @type {any} */ { name, streams }) => name === '' && !streams),
    );
    return {
      ...described(stats),
      activeConnections: databases.length,
      databases,
      poolStats: {
        totalConnections: shared.totalConnections,
        maxPoolSize: shared.maxPoolSize,
        minFreeConnections: shared.minPoolSize,
        idleTimeoutMS: shared.maxIdleTimeMS,
      },
    };
  }

  /** @param {string} dbName */
  async function collectionsOf(dbName) {
    const op = operation();
    const body = { listCollections: 1, filter: OWN, nameOnly: true, cursor: {} };
    const found = [];
    for (
      let batch = await engine.openCursor(dbName, body, op);
      ;
      batch = await engine.nextBatch(batch.cursor, op)
    ) {
      found.push(...batch.documents);
      if (batch.cursor === 0) break;
    }
    return Promise.all(
      found.map(async (/** @type {{name: string}} */ { name }) => {
        const { count = 0, size = 0 } = await engine.command(dbName, { collStats: name }, op);
        return { name, docCount: Number(count), sizeMb: inMegabytes(Number(size)) };
      }),
    );
  }

  /** @param {unknown} [dbName] */
  async function db(dbName) {
    const name = names.checkSpelling(dbName ?? defaultDB);
    // Before asking, which is a use too.
    const { databases } = engine.stats();
    const lastUsed = databases.find((/** @type {any} */ known) => known.name === name)?.lastUsedMS ?? 0;
    const op = operation();
    const [{ dataSize }, collections] = await Promise.all([
      engine.command(name, { dbStats: 1 }, op),
      collectionsOf(name),
    ]);
    const configured = scale.get(name);
    const pool = operationPools().find((/** @type {any} */ each) => each.name === (configured ? name : ''));
    return {
      ...tenantOf(name),
      sizeMb: inMegabytes(Number(dataSize)),
      numCollections: collections.length,
      collections,
      lastUsed: new Date(lastUsed),
      mongoURI: shownUri(configured?.hosts ?? hosts),
      isInitialized: pool.state !== 'idle' && pool.state !== 'closed',
      config: configured?.shown ?? {},
      poolStats: poolStats(pool),
    };
  }

  async function listDatabases() {
    const op = operation();
    const { databases } = await engine.command(ADMIN, { listDatabases: 1 }, op);
    for (const { name } of databases) names.exists(name);
    return databases.map((/** @type {{name: string, sizeOnDisk: any}} */ { name, sizeOnDisk }) => ({
      dbName: name,
      ...tenantOf(name),
      sizeInMB: Number(inMegabytes(Number(sizeOnDisk)).toFixed(2)),
    }));
  }

  return Object.assign(overview, { general, db, listDatabases });
}

exports.createStats = createStats;
