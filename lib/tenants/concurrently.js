'use strict';

/**
 * Calls `work` for every item, in their order, at most `concurrency` at a time. It ends early when `work` answers false;
 * what has begun by then is waited for.
 *
 * @template T
 * @param {T[]} items
 * @param {number} concurrency
 * @param {(item: T) => Promise<boolean | void>} work  Never rejects
 */
async function concurrently(items, concurrency, work) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) if ((await work(items[next++])) === false) next = items.length;
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}

exports.concurrently = concurrently;
