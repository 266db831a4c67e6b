'use strict';

/**
 * Calls `work` for every item, in their order, at most `concurrency` at a time. It ends early when `work` answers false;
 * what has begun by then is waited for. It ends so, too, when `work` rejects, and then rejects with that error, the first.
 *
 * @template T
 * @param {T[]} items
 * @param {number} concurrency
 * @param {(item: T) => Promise<boolean | void>} work
 */
async function concurrently(items, concurrency, work) {
  let next = 0;
  /** @type {unknown[]} */
  const errors = [];
  const worker = async () => {
    try {
      while (next < items.length) if ((await work(items[next++])) === false) next = items.length;
    } catch (error) {
      errors.push(error);
      next = items.length;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
}

exports.concurrently = concurrently;
