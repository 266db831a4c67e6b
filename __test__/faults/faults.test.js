// The short form of `npm run test:faults`: fewer and shorter faults, all through the proxies, no error, no bound in time.
const { Cluster } = require('./support/cluster');
const { runScenario } = require('./support/run-scenario');
const { scenarios } = require('./support/scenarios');

const SHORT = ['sigkill', 'close-150ms', 'rst', 'half-close'];

let cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ proxied: true });
}, 60_000);
afterAll(() => cluster?.stop(), 60_000);

test.each(
  SHORT.map((name) => {
    const scenario = scenarios.find((one) => one.name === name);
    return [scenario.title, { ...scenario, errors: 0, stallMS: undefined }];
  }),
)(
  '%s: nothing lost, nothing twice, nothing torn, nothing hangs',
  async (_, scenario) => {
    const { broken } = await runScenario(cluster, scenario, { short: true });
    expect(broken).toEqual([]);
  },
  90_000,
);
