'use strict';

const { soak } = require('./support/soak');
const { mongoose, openTenants, uri } = require('../support/tenants');

const { clear, close } = openTenants('soak');
const seed = Number(process.env.POLYMONGO_SEED ?? 20_261_122);

beforeAll(clear);
afterAll(close);

test(`80 tenants, 10 of them at hand: nothing is mixed up (POLYMONGO_SEED=${seed})`, async () => {
  const settings = { tenants: 80, operations: 1500, maxCachedDatabases: 10, seed };
  const { stored, heapGrowth, ...problems } = await soak({ mongoose, uri, prefix: 'soak_', ...settings });
  expect(problems).toEqual({ mixedUp: [], misplaced: [], miscounted: [], missing: [] });
  expect(stored.size).toBeGreaterThan(45);
}, 120_000);
