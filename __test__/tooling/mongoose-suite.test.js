'use strict';

const { resultOf } = require('../../scripts/mongoose-suite-result');

const expectations = { 'test/a.test.js': { 'a cannot': 'no server for it' } };

const report = (passed, failed) => ({
  stats: { passes: passed.length, pending: 1 },
  passes: passed.map((fullTitle) => ({ fullTitle })),
  failures: failed.map((fullTitle) => ({ fullTitle, err: { message: `${fullTitle} broke\nat …` } })),
});

test.each([
  ['all as expected', [report(['x'], ['a cannot'])], { expected: ['a cannot'] }],
  ['a failure of ours', [report(['x'], ['y'])], { unexpected: ['y'] }],
  ['one that fails again', [report([], ['y']), report([], ['y'])], { unexpected: ['y'] }],
  ['one that failed once', [report([], ['y']), report(['y'], [])], { unstable: ['y'] }],
  ['one that was not expected to pass', [report(['a cannot'], [])], { recovered: ['a cannot'] }],
  [
    'an expected failure that comes and goes',
    [report([], ['y', 'a cannot']), report(['a cannot'], ['y'])],
    { unexpected: ['y'], recovered: ['a cannot'] },
  ],
])('%s', (_name, reports, wanted) => {
  const result = resultOf('test/a.test.js', reports, expectations);
  const titles = (list) => list.map((item) => item.title ?? item);
  const found = {};
  for (const kind of ['expected', 'unexpected', 'unstable', 'recovered']) {
    if (result[kind].length > 0) found[kind] = titles(result[kind]);
  }
  expect(found).toEqual(wanted);
  expect(result.passed).toBe(reports[reports.length - 1].passes.length);
});

test('a failure is shown with the first line of its message, an expected one with its reason', () => {
  const { unexpected, expected } = resultOf('test/a.test.js', [report([], ['y', 'a cannot'])], expectations);
  expect(unexpected).toEqual([{ title: 'y', message: 'y broke' }]);
  expect(expected).toEqual([{ title: 'a cannot', reason: 'no server for it' }]);
});

test('expectations of another file count for nothing', () => {
  expect(resultOf('test/b.test.js', [report([], ['a cannot'])], expectations).unexpected).toHaveLength(1);
});
