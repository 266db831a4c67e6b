'use strict';

/** Pauses before the second to sixth attempt; with the option `retry` its own, without end. */
const PAUSES_MS = [5000, 10_000, 15_000, 20_000, 25_000];
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

const RETRYABLE = new Set([
  'MongoServerSelectionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoOperationTimeoutError',
  'MongoWaitQueueTimeoutError',
]);

/** Credentials, rights and malformed settings do not mend by themselves. @param {any} error */
const mayMend = (error) => RETRYABLE.has(error?.name);

/**
 * Opens the shared pool for the first time, and tries again by itself where that can help. Between attempts nothing keeps
 * the process alive.
 */
class FirstConnection {
  #attempt;
  #retryMS;
  #report;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {Promise<void> | null} */
  #running = null;
  #failures = 0;
  #done = false;

  /**
   * @param {object} parts
   * @param {() => Promise<unknown>} parts.attempt
   * @param {number | undefined} parts.retryMS
   * @param {(failure: {error: Error, attempt: number, nextMS: number | null}) => void} parts.report
   */
  constructor({ attempt, retryMS, report }) {
    this.#attempt = attempt;
    this.#retryMS = retryMS;
    this.#report = report;
  }

  /**
   * One attempt, shared by all who ask while it runs. It rejects when it fails, although further attempts may follow.
   * @returns {Promise<void>}
   */
  try() {
    clearTimeout(this.#timer);
    this.#running ??= this.#once().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Further failures are no longer those of a first connection. */
  settle() {
    this.#done = true;
    clearTimeout(this.#timer);
  }

  /** As if nothing had been tried. */
  reset() {
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.#done = false;
  }

  async #once() {
    try {
      await this.#attempt();
      this.settle();
    } catch (error) {
      this.#failures++;
      const nextMS = this.#done || !mayMend(error) ? null : this.#pause();
      this.#report({ error, attempt: this.#failures, nextMS });
      if (nextMS !== null) {
        this.#timer = setTimeout(() => this.try().catch(() => {}), nextMS);
        this.#timer.unref();
      }
      throw error;
    }
  }

  #pause() {
    if (this.#retryMS === undefined) return PAUSES_MS[this.#failures - 1] ?? null;
    return Math.min(Math.max(this.#retryMS, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  }
}

exports.FirstConnection = FirstConnection;
