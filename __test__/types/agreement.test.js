'use strict';

const { spawnSync } = require('node:child_process');
const { pathToFileURL } = require('node:url');
const PolyMongo = require('../..');
const { POOL_OPTIONS, WRAPPER_OPTIONS } = require('../../lib/wrapper/options');
const { compile } = require('../support/compile');
const { createProject } = require('../support/project');

jest.setTimeout(120_000);

const project = createProject({ mongoose: 'mongoose' });
afterAll(project.remove);

const union = (names) => names.map((name) => JSON.stringify(name)).join(' | ') || 'never';
const usable = (table) =>
  table.filter(({ kind }) => kind === 'own' || kind === 'driver').map(({ name }) => name);

/** A wrapper on a server that is never asked. */
const wrapper = PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017' });
afterAll(() => wrapper.forceCloseAll());

const FUNCTION = new Set(['length', 'name', 'prototype', 'arguments', 'caller', 'constructor']);
const members = (...objects) =>
  objects.flatMap(Object.getOwnPropertyNames).filter((name) => !FUNCTION.has(name));

/** What is declared beside what exists. */
const COUNTERPARTS = {
  WrapperOptions: usable(WRAPPER_OPTIONS),
  DedicatedPoolOptions: usable(POOL_OPTIONS),
  PolyMongo: members(wrapper, PolyMongo.prototype),
  statics: members(PolyMongo),
  StatsApi: members(wrapper.stats),
  ScaleApi: members(wrapper.scale),
  PoolApi: members(wrapper.pool),
  ActionsApi: members(wrapper.actions),
  BulkTasksApi: members(wrapper.bulkTasks),
  AdvancedAccess: members(wrapper.adv),
  TenantHandle: ['name', ...members(wrapper.tenant('one'), Object.getPrototypeOf(wrapper.tenant('one')))],
};

test('everything that exists is declared, and the other way round', () => {
  const files = Object.entries(COUNTERPARTS).map(([type, names]) => {
    const keys =
      type === 'statics' ? "Exclude<keyof typeof PolyMongo, 'prototype'>" : `keyof PolyMongo.${type}`;
    return project.write(
      `${type}.mts`,
      `import PolyMongo from 'polymongo';
type Declared = ${keys};
type Real = ${union(names)};
export const undeclared: Exclude<Real, Declared> extends never ? null : Exclude<Real, Declared> = null;
export const unreal: Exclude<Declared, Real> extends never ? null : Exclude<Declared, Real> = null;
`,
    );
  });
  expect(compile(project.directory, files)).toBe('');
});

describe('members', () => {
  /** The members of the public API, as they are promised. */
  const MEMBERS = {
    wrapModel: 'function',
    model: 'function',
    run: 'function',
    withTenant: 'function',
    'withTenant.route': 'function',
    currentTenant: 'function',
    middleware: 'function',
    tenant: 'function',
    createTenant: 'function',
    tenantExists: 'function',
    listTenants: 'function',
    connect: 'function',
    disconnect: 'function',
    isConnected: 'function',
    getConnectionState: 'function',
    ping: 'function',
    transaction: 'function',
    stats: 'function',
    on: 'function',
    once: 'function',
    off: 'function',
    removeListener: 'function',
    onDbConnect: 'function',
    onDbDisconnect: 'function',
    onTheseDBConnect: 'function',
    onTheseDBDisconnect: 'function',
    closeAll: 'function',
    forceCloseAll: 'function',
    closeDBstream: 'function',
    closeAllWatches: 'function',
    dropDatabase: 'function',
    syncIndexes: 'function',
    'stats.general': 'function',
    'stats.db': 'function',
    'stats.listDatabases': 'function',
    'scale.setDB': 'function',
    'scale.connectDB': 'function',
    'pool.configure': 'function',
    'pool.connect': 'function',
    'actions.exportDB': 'function',
    'actions.importDB': 'function',
    'actions.exportDBStream': 'function',
    'actions.importDBStream': 'function',
    'actions.copyDatabase': 'function',
    'actions.dropDatabase': 'function',
    'actions.closeAll': 'function',
    'actions.forceCloseAll': 'function',
    'actions.closeDBstream': 'function',
    'actions.closeAllWatches': 'function',
    'bulkTasks.export': 'function',
    'bulkTasks.import': 'function',
    'bulkTasks.exportStream': 'function',
    'bulkTasks.importStream': 'function',
    'bulkTasks.copyDatabase': 'function',
    'bulkTasks.dropDatabase': 'function',
    'adv.mongoose': 'object',
    'adv.getPrimaryConnection': 'function',
    'adv.getOrCreatePrimaryConnection': 'function',
    'adv.getConnection': 'function',
    'adv.getSharedConnection': 'function',
  };

  test.each(Object.entries(MEMBERS))('wrapper.%s is there (%s)', (path, type) => {
    const value = path.split('.').reduce((parent, key) => parent[key], wrapper);
    expect(typeof value).toBe(type);
  });

  test('the module is the class, under all its names, in both module systems', () => {
    const names = ['default', 'PolyMongo', 'PolyMongoWrapper'];
    expect(names.map((name) => PolyMongo[name])).toEqual(names.map(() => PolyMongo));
    const file = project.write(
      'names.mjs',
      `import * as module from ${JSON.stringify(pathToFileURL(require.resolve('../../index.mjs')))};
      import { createRequire } from 'node:module';
      const PolyMongo = createRequire(import.meta.url)(${JSON.stringify(require.resolve('../..'))});
      const names = ['default', 'createWrapper', 'PolyMongo', 'PolyMongoWrapper', 'PolyMongoError', 'Types'];
      console.log(names.filter((name) => module[name] === undefined || module[name] !== PolyMongo[name]).join());`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, [file], {
      cwd: project.directory,
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: '\n', stderr: '' });
  });

  test('what closes a wrapper takes no counted argument, so that test hooks and signals can call it', () => {
    expect(wrapper.closeAll.length).toBe(0);
    expect(wrapper.forceCloseAll.length).toBe(0);
    expect(wrapper.closeAllWatches.length).toBe(0);
  });
});
