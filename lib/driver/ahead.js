'use strict';

/** How many batches may wait in one process for whoever is to read them; each has at most the 16 MiB of a reply. */
const MOST = 16;

let held = 0;

/** The batch that is fetched while the one before is being read. */
class Ahead {
  /** @type {Promise<{batch?: any, error?: unknown}> | null} */
  #outcome = null;

  /**
   * Begins with it, unless it has begun or too many wait elsewhere.
   * @param {() => Promise<any>} fetch
   */
  begin(fetch) {
    if (this.#outcome !== null || held === MOST) return;
    held += 1;
    this.#outcome = fetch().then(
      (batch) => ({ batch }),
      (error) => ({ error }),
    );
  }

  /** @returns {Promise<any> | null} the batch, or null when none was begun; its failure comes up here */
  take() {
    const outcome = this.#outcome;
    if (outcome === null) return null;
    return outcome.then((settled) => {
      if (this.#outcome === outcome) this.drop();
      if ('error' in settled) throw settled.error;
      return settled.batch;
    });
  }

  /** Lets go of it. */
  drop() {
    if (this.#outcome === null) return;
    this.#outcome = null;
    held -= 1;
  }
}

exports.Ahead = Ahead;
