'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');
const { checkIsObject, checkOptions } = require('../wrapper/check-options');

/** @param {any} value */
function problemOfStatus(value) {
  return Number.isInteger(value) && value >= 400 && value <= 499 ? null : 'must be a number from 400 to 499';
}

/** @type {import('../protocol/option-values').OptionEntry[]} */
const OPTIONS = [
  { name: 'required', kind: 'own', type: 'boolean', default: true },
  { name: 'status', kind: 'own', type: 'custom', check: problemOfStatus },
  { name: 'mustExist', kind: 'own', type: 'boolean', default: false },
  { name: 'timeoutMS', kind: 'own', type: 'duration', default: 10_000 },
];

const DEFAULTS = Object.fromEntries(OPTIONS.map((entry) => [entry.name, entry.default]));
const NO_TENANT = 400;
const UNKNOWN_TENANT = 404;
const UNAVAILABLE = 503;

/**
 * Finds the tenant of a request by the application's own function, and refuses the request where there is none: a
 * request never reaches the default database.
 */
class RequestTenant {
  #resolve;
  #options;
  #parts;

  /**
   * @param {object} parts
   * @param {(name: unknown) => import('./tenant').Tenant} parts.tenant  Throws what is wrong with a name
   * @param {(dbName: string) => Promise<boolean>} parts.exists
   * @param {any} resolve
   * @param {any} options
   * @param {string} method
   */
  constructor(parts, resolve, options, method) {
    if (typeof resolve !== 'function') {
      throw new PolyMongoError(
        `${method}() needs a function (request) => name of the tenant${received(resolve)}`,
        { code: 'OPTION_INVALID', option: 'resolve' },
      );
    }
    if (options !== undefined) checkIsObject(options, `the options of ${method}()`);
    this.#parts = parts;
    this.#resolve = resolve;
    this.#options = {
      ...DEFAULTS,
      ...checkOptions(OPTIONS, options ?? {}, { path: `${method}.`, warnings: [] }),
    };
  }

  /**
   * @param {any[]} args what the application's function is called with
   * @returns {import('./tenant').Tenant | null | Promise<import('./tenant').Tenant | null>} null where none is required;
   *   a promise only where there is something to wait for
   */
  of(args) {
    let name;
    try {
      name = this.#resolve(...args);
    } catch (error) {
      throw this.#failed(error);
    }
    if (typeof name?.then !== 'function') return this.#named(name);
    return this.#inTime(name).then((resolved) => this.#named(resolved));
  }

  /** @param {PromiseLike<unknown>} name */
  async #inTime(name) {
    const { timeoutMS } = this.#options;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_resolve, reject) => {
      const error = () =>
        new PolyMongoError(`The tenant of the request was not found within ${timeoutMS} ms`, {
          code: 'TENANT_TIMEOUT',
          status: UNAVAILABLE,
        });
      timer = setTimeout(() => reject(error()), Math.min(timeoutMS, 2 ** 31 - 1));
    });
    const found = Promise.resolve(name).catch((error) => {
      throw this.#failed(error);
    });
    try {
      return await Promise.race([found, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {unknown} name */
  #named(name) {
    const { mustExist, required } = this.#options;
    if (name == null || name === '') {
      if (!required) return null;
      throw this.#refusal('it names none', NO_TENANT);
    }
    let tenant;
    try {
      tenant = this.#parts.tenant(name);
    } catch (error) {
      throw this.#refusal(error.message, NO_TENANT, error);
    }
    return mustExist ? this.#existing(tenant) : tenant;
  }

  /** @param {import('./tenant').Tenant} tenant */
  async #existing(tenant) {
    if (await this.#parts.exists(tenant.databaseName)) return tenant;
    throw this.#refusal(`there is no tenant ${JSON.stringify(tenant.name)}`, UNKNOWN_TENANT);
  }

  /** What the application's function threw: a status of its own is kept. @param {any} error */
  #failed(error) {
    const own = error?.status ?? error?.statusCode;
    if (Number.isInteger(own) && own >= 400 && own <= 599) return error;
    // The message may be shown to the client, so what was thrown is the cause alone.
    return this.#refusal('the function that finds it threw an error', NO_TENANT, error);
  }

  /** @param {string} why @param {number} status @param {unknown} [cause] */
  #refusal(why, status, cause) {
    return new PolyMongoError(`The tenant of the request is refused: ${why}`, {
      code: 'TENANT_REFUSED',
      status: this.#options.status ?? status,
      cause,
    });
  }
}

exports.RequestTenant = RequestTenant;
