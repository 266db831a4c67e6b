'use strict';

const { namePattern } = require('../tenants/name-pattern');

const SYSTEM = new Set(['admin', 'config', 'local']);
/** Asked by ourselves, for all databases. */
const ADMIN = 'admin';

/** Which tenants there are: what the servers know, in the names of tenants. */
class TenantDirectory {
  #parts;

  /**
   * @param {object} parts
   * @param {any} parts.engine
   * @param {() => any} parts.operation
   * @param {import('../wrapper/database-names').DatabaseNames} parts.names
   * @param {import('./scale').Scale} parts.scale
   * @param {import('../tenants/tenants').Tenants} parts.tenants
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Whether a database has any collection; without one there is no database.
   * @param {string} dbName checked by the caller
   */
  async exists(dbName) {
    const { engine, names, operation } = this.#parts;
    const op = operation();
    const body = {
      listCollections: 1,
      nameOnly: true,
      authorizedCollections: true,
      cursor: { batchSize: 1 },
    };
    const { documents, cursor } = await engine.openCursor(dbName, body, op);
    if (cursor) await engine.closeCursor(cursor);
    if (documents.length > 0) names.exists(dbName);
    return documents.length > 0;
  }

  /**
   * The names of all tenants there are, sorted.
   * @param {unknown} [pattern]
   * @returns {Promise<string[]>}
   */
  async list(pattern) {
    const { tenants } = this.#parts;
    const matches = namePattern(pattern);
    const found = [];
    for (const dbName of await this.#databases()) {
      const tenant = this.#isAllowed(dbName) ? tenants.tenantOf(dbName) : undefined;
      if (tenant !== undefined && matches(tenant)) found.push(tenant);
    }
    return found.sort();
  }

  async #databases() {
    const { engine, names, operation, scale } = this.#parts;
    const command = { listDatabases: 1, nameOnly: true, authorizedDatabases: true };
    const { databases } = await engine.command(ADMIN, command, operation());
    const found = new Set(databases.map((/** @type {{name: string}} */ { name }) => name));
    for (const name of found) names.exists(name);
    // A database on a server of its own is what that server says, and no namesake here.
    const elsewhere = [...scale.entries()].filter(([, { hosts }]) => hosts !== null);
    await Promise.all(
      elsewhere.map(async ([name]) => ((await this.exists(name)) ? found.add(name) : found.delete(name))),
    );
    return found;
  }

  /** Whether it may be asked for. @param {string} dbName */
  #isAllowed(dbName) {
    if (SYSTEM.has(dbName)) return false;
    try {
      this.#parts.names.check(dbName);
      return true;
    } catch {
      return false;
    }
  }
}

exports.TenantDirectory = TenantDirectory;
