'use strict';

const { PolyMongoError } = require('../error');
const { checkDatabaseName } = require('../protocol/database-name');
const { fixedByUri } = require('./default-database');

/** Names beyond this many are no longer compared; they come from users, memory must not. */
const LIMIT = 100_000;

/** The server's code: the name is that of another database but for its case. */
const DIFFERS_IN_CASE = 13297;

/** ASCII only, as the server compares. @param {string} name */
const folded = (name) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Which database names this wrapper accepts. */
class DatabaseNames {
  #rules;
  #fixed;
  #allowed;
  /** Databases known to exist, by their name in lower case. @type {Map<string, string>} */
  #known = new Map();
  /** The same names as they are written. @type {Set<string>} */
  #certain = new Set();

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
    return this.#checkFixed(this.checkSpelling(name));
  }

  /**
   * A name that stands in the application's code: `allowDatabase` is about those that are asked for.
   * @param {unknown} name @returns {string}
   */
  checkOwn(name) {
    return this.#checkFixed(this.#checkTwin(checkDatabaseName(name, this.#rules)));
  }

  /** Every rule but the one that the URI's database is the only one. @param {unknown} name @returns {string} */
  checkSpelling(name) {
    const checked = checkDatabaseName(name, this.#rules);
    if (this.#allowed !== undefined && this.#allowed(checked) !== true)
      throw refused(checked, 'allowDatabase does not allow it');
    return this.#checkTwin(checked);
  }

  /** @param {string} checked */
  #checkFixed(checked) {
    if (this.#fixed !== null && checked !== this.#fixed) throw fixedByUri(checked, this.#fixed);
    return checked;
  }

  /** @param {string} checked */
  #checkTwin(checked) {
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
    this.#certain.add(name);
  }

  /** Whether nothing is to be learnt about a name any more. @param {string} name */
  isCertain(name) {
    return this.#rules.nameRules === 'server' || this.#certain.has(name);
  }

  /**
   * What becomes of a write says whether its database exists under that name.
   * @template T @param {string} name @param {Promise<T>} reply @returns {Promise<T>}
   */
  async learn(name, reply) {
    try {
      const answer = await reply;
      this.exists(name);
      return answer;
    } catch (error) {
      if (error.code !== DIFFERS_IN_CASE) throw error;
      throw refused(name, error.message, error);
    }
  }

  /** @param {string} name */
  dropped(name) {
    this.#certain.delete(name);
    if (this.#known.get(folded(name)) === name) this.#known.delete(folded(name));
  }
}

/** @param {string} name @param {string} why @param {Error} [cause] */
function refused(name, why, cause) {
  return new PolyMongoError(`The database name ${JSON.stringify(name)} is refused: ${why}`, {
    code: 'INVALID_DATABASE_NAME',
    status: 400,
    dbName: name,
    cause,
  });
}

exports.DatabaseNames = DatabaseNames;
