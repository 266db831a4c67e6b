'use strict';

const { PolyMongoError } = require('../error');
const { checkDatabaseName } = require('../protocol/database-name');
const { fixedByUri } = require('./default-database');

/** Names beyond this many are no longer compared; they come from users, memory must not. */
const LIMIT = 100_000;

/** ASCII only, as the server compares. @param {string} name */
const folded = (name) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Which database names this wrapper accepts. */
class DatabaseNames {
  #rules;
  #fixed;
  #allowed;
  /** Databases known to exist, by their name in lower case. @type {Map<string, string>} */
  #known = new Map();

  /**
   * @param {object} rules
   * @param {'portable' | 'server'} rules.nameRules
   * @param {boolean} rules.allowSystemDatabases
   * @param {RegExp | ((name: string) => unknown) | undefined} rules.allowDatabase
   * @param {string | null} fixed  The only database there is, when the URI says so
   */
  constructor(rules, fixed) {
    this.#rules = rules;
    this.#fixed = fixed;
    const { allowDatabase } = rules;
    // A RegExp with the flag g or y remembers where it stopped: every second name would be refused.
    this.#allowed =
      allowDatabase instanceof RegExp
        ? (/** @type {string} */ name) => name.search(allowDatabase) !== -1
        : allowDatabase;
  }

  /**
   * @param {unknown} name
   * @returns {string} the name
   */
  check(name) {
    const checked = this.checkSpelling(name);
    if (this.#fixed !== null && checked !== this.#fixed) throw fixedByUri(checked, this.#fixed);
    return checked;
  }

  /** Every rule but the one that the URI's database is the only one. @param {unknown} name @returns {string} */
  checkSpelling(name) {
    const checked = checkDatabaseName(name, this.#rules);
    if (this.#allowed !== undefined && this.#allowed(checked) !== true)
      throw refused(checked, 'allowDatabase does not allow it');
    const known = this.#known.get(folded(checked));
    if (known !== undefined && known !== checked)
      throw refused(
        checked,
        `a database ${JSON.stringify(known)} exists, and MongoDB has no two names that differ in case only`,
      );
    return checked;
  }

  /** A database that exists for certain: configured, written to, or listed by the server. @param {string} name */
  exists(name) {
    if (this.#rules.nameRules === 'server' || this.#known.size >= LIMIT) return;
    const key = folded(name);
    if (!this.#known.has(key)) this.#known.set(key, name);
  }

  /** @param {string} name */
  dropped(name) {
    if (this.#known.get(folded(name)) === name) this.#known.delete(folded(name));
  }
}

/** @param {string} name @param {string} why */
function refused(name, why) {
  return new PolyMongoError(`The database name ${JSON.stringify(name)} is refused: ${why}`, {
    code: 'INVALID_DATABASE_NAME',
    status: 400,
    dbName: name,
  });
}

exports.DatabaseNames = DatabaseNames;
