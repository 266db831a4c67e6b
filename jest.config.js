/** Tests run against a real replica set, started once per run (__test__/support/global-setup.js). */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__test__/**/*.test.js'],
  // Nothing needs compiling, and a transform would hide what Node itself thinks of our modules.
  transform: {},
  modulePathIgnorePatterns: ['<rootDir>/target/', '<rootDir>/npm/'],
  globalSetup: '<rootDir>/__test__/support/global-setup.js',
  globalTeardown: '<rootDir>/__test__/support/global-teardown.js',
  maxWorkers: 2,
  testTimeout: 30_000,
};
