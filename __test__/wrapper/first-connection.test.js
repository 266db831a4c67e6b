const { FirstConnection } = require('../../lib/wrapper/first-connection');

const named = (name) => Object.assign(new Error(name), { name });
const UNREACHABLE = 'MongoServerSelectionError';

/** Outcomes of the attempts in turn: an error name, or null for success; the last one stays. */
function script(outcomes, retryMS) {
  const reports = [];
  let attempts = 0;
  const first = new FirstConnection({
    attempt: async () => {
      const outcome = outcomes[Math.min(attempts++, outcomes.length - 1)];
      if (outcome) throw named(outcome);
    },
    retryMS,
    report: ({ error, attempt, nextMS }) => reports.push([error.name, attempt, nextMS]),
  });
  return { first, reports, attempts: () => attempts };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('five further attempts after 5, 10, 15, 20 and 25 seconds', async () => {
  const { first, reports, attempts } = script([UNREACHABLE]);
  await expect(first.try()).rejects.toThrow(UNREACHABLE);
  await jest.advanceTimersByTimeAsync(600_000);
  expect(reports.map(([, , nextMS]) => nextMS)).toEqual([5000, 10_000, 15_000, 20_000, 25_000, null]);
  expect(attempts()).toBe(6);
  expect(jest.getTimerCount()).toBe(0);
});

test('with retry: at that interval without end, until it succeeds', async () => {
  const outcomes = Array(20).fill(UNREACHABLE);
  const { first, attempts } = script([...outcomes, null], 300);
  await expect(first.try()).rejects.toThrow(UNREACHABLE);
  await jest.advanceTimersByTimeAsync(19 * 300);
  expect(attempts()).toBe(20);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(attempts()).toBe(21);
  expect(jest.getTimerCount()).toBe(0);
});

test.each(['MongoServerError', 'PolyMongoError', 'MongoRuntimeError'])(
  '%s is not tried again',
  async (name) => {
    const { first, reports } = script([name], 100);
    await expect(first.try()).rejects.toThrow(name);
    expect(reports).toEqual([[name, 1, null]]);
    expect(jest.getTimerCount()).toBe(0);
  },
);

test('all who ask at once share one attempt; asking again does not wait for the pause', async () => {
  const { first, attempts } = script([UNREACHABLE, null]);
  const [one, two] = await Promise.allSettled([first.try(), first.try()]);
  expect([one.status, two.status, attempts()]).toEqual(['rejected', 'rejected', 1]);
  await first.try();
  await jest.advanceTimersByTimeAsync(60_000);
  expect(attempts()).toBe(2);
});

test('nothing is tried any more after a reset, nor once the pool has been connected', async () => {
  const { first, attempts } = script([UNREACHABLE]);
  await expect(first.try()).rejects.toThrow();
  first.reset();
  await jest.advanceTimersByTimeAsync(60_000);
  expect(attempts()).toBe(1);
  first.settle();
  await expect(first.try()).rejects.toThrow();
  expect(jest.getTimerCount()).toBe(0);
});
