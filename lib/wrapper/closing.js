'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');

const DEFAULT_TIMEOUT_MS = 10_000;
/** What closing change streams may take at most, so that closing as a whole stays bounded. */
const STREAMS_MS = 2000;

/** @typedef {{drained: number, cancelled: number}} CloseReport */

/**
 * Signal handlers and test hooks call `closeAll` with arguments of their own: only an options object counts.
 * @param {unknown} options
 * @returns {number}
 */
function timeoutOf(options) {
  const plain = typeof options === 'object' && options !== null && !Array.isArray(options);
  const given =
    plain && Object.hasOwn(options, 'timeoutMS') ? /** @type {any} */ (options).timeoutMS : undefined;
  if (given === undefined) return DEFAULT_TIMEOUT_MS;
  if (typeof given !== 'number' || !(given >= 0)) {
    throw new PolyMongoError(`timeoutMS of closeAll must be a non-negative number${received(given)}`, {
      code: 'OPTION_INVALID',
      option: 'timeoutMS',
    });
  }
  return Math.min(given, 2 ** 31 - 1);
}

/** @param {Promise<unknown>} work @param {number} timeoutMS */
async function atMost(work, timeoutMS) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, timeoutMS)))]);
  clearTimeout(timer);
}

/** Closes one wrapper: streams first, then no new work, then what runs may finish, then the rest is cancelled. */
class Closing {
  #parts;
  /** @type {Promise<CloseReport> | null} */
  #running = null;

  /**
   * @param {import('./core').Core} parts
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {unknown} [options] */
  async closeAll(options) {
    const timeoutMS = timeoutOf(options);
    this.#running ??= this.#close({ force: false, timeoutMS, refuse: true });
    return this.#running;
  }

  async forceCloseAll() {
    const force = { force: true, timeoutMS: 0, refuse: true };
    if (this.#running === null) return this.#close(force);
    // It answers the one that waits, too.
    await this.#parts.lease.close(force);
    return this.#running;
  }

  /** Closes the connections; the next operation opens them again. */
  disconnect() {
    return this.#close({ force: false, timeoutMS: DEFAULT_TIMEOUT_MS, refuse: false });
  }

  /** @param {{force: boolean, timeoutMS: number, refuse: boolean}} how @returns {Promise<CloseReport>} */
  #close(how) {
    const closing = this.#inOrder(how).finally(() => {
      if (this.#running === closing) this.#running = null;
    });
    this.#running = closing;
    return closing;
  }

  /** @param {{force: boolean, timeoutMS: number, refuse: boolean}} how */
  async #inOrder(how) {
    const { lease, lifecycle, logger, tenants, watches } = this.#parts;
    if (how.refuse && !lease.isOpen) return { drained: 0, cancelled: 0 };
    lifecycle.closing();
    const streams = watches.closeAll();
    if (how.refuse) lease.refuse();
    await atMost(streams, how.force ? 0 : Math.min(how.timeoutMS, STREAMS_MS));
    const report = await lease.close(how);
    tenants.close();
    lifecycle.closed(how.refuse);
    logger.info('Closed', report);
    logger.close();
    return report;
  }
}

exports.Closing = Closing;
