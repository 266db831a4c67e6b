'use strict';

const { booleans, rules, settings, values } = require('../protocol/rules');
const { NO_EXPLAIN, Operation, READ_PREFERENCE } = require('./operation');

const LIST_DATABASES = rules(
  READ_PREFERENCE,
  NO_EXPLAIN,
  booleans('nameOnly', 'authorizedDatabases'),
  settings('filter'),
  values('comment'),
);

const VALIDATE = rules(
  READ_PREFERENCE,
  NO_EXPLAIN,
  booleans('full', 'repair', 'metadata', 'checkBSONConformance', 'background', 'fixMultikey'),
  values('comment'),
);

/** What concerns the whole deployment. */
class Admin {
  /** @param {any} db */
  constructor(db) {
    this.s = { db };
  }

  /**
   * @param {any} command
   * @param {any} [options]
   */
  async command(command, options) {
    return await this.s.db.runCommand('admin', command, options);
  }

  /** @param {any} [options] */
  async buildInfo(options) {
    return await this.command({ buildinfo: 1 }, options);
  }

  /** @param {any} [options] */
  async serverInfo(options) {
    return await this.command({ buildinfo: 1 }, options);
  }

  /** @param {any} [options] */
  async serverStatus(options) {
    return await this.command({ serverStatus: 1 }, options);
  }

  /** @param {any} [options] */
  async ping(options) {
    return await this.command({ ping: 1 }, options);
  }

  /** @param {any} [options] */
  async replSetGetStatus(options) {
    return await this.command({ replSetGetStatus: 1 }, options);
  }

  /**
   * @param {string} username
   * @param {any} [options]
   */
  async removeUser(username, options) {
    return await this.s.db.removeUser(username, { dbName: 'admin', ...options });
  }

  /** @param {any} [options] */
  async listDatabases(options) {
    const op = Operation.reading(this.s.db.s);
    op.readConcern = null;
    const body = { listDatabases: 1 };
    op.take(LIST_DATABASES, options, body);
    return await op.execute('admin', body);
  }

  /**
   * @param {string} name
   * @param {any} [options]
   */
  async validateCollection(name, options) {
    const { db } = this.s;
    const reply = await db.askOnce(Operation.reading(db.s), VALIDATE, options, { validate: name });
    if (reply.valid === false) {
      throw new db.s.codec.mongo.MongoUnexpectedServerResponseError(`Invalid collection ${name}`);
    }
    return reply;
  }
}

exports.Admin = Admin;
