'use strict';

/** Tests run against a real replica set, started once per run (__test__/support/global-setup.js). */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__test__/**/*.test.js'],
  // Our own modules run untouched: a transform would hide what Node itself thinks of them.
  transform: { '/mongodb/lib/runtime_adapters\\.js$': '<rootDir>/__test__/support/require-os.js' },
  transformIgnorePatterns: ['/node_modules/(?!(mongoose/node_modules/)?mongodb/lib/runtime_adapters)'],
  // These bring their own Mongoose or none at all: once is enough.
  testPathIgnorePatterns:
    process.env.POLYMONGO_MONGOOSE === '8' ? ['/__test__/(tooling|demo|package|types)/'] : ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/target/', '<rootDir>/npm/', '<rootDir>/dist/'],
  globalSetup: '<rootDir>/__test__/support/global-setup.js',
  globalTeardown: '<rootDir>/__test__/support/global-teardown.js',
  maxWorkers: 2,
  testTimeout: 30_000,
};
