'use strict';

const { once } = require('node:events');
const PolyMongo = require('../..');
const { compile } = require('../support/compile');
const mongoose = require('../support/mongoose');
const { createProject } = require('../support/project');

jest.setTimeout(120_000);

const DATABASE = `types_${process.pid}`;
const project = createProject({ mongoose: 'mongoose' });
const wrapper = PolyMongo.createWrapper({ mongoURI: process.env.POLYMONGO_TEST_URI, defaultDB: DATABASE });

afterAll(async () => {
  project.remove();
  for (const name of [DATABASE, `${DATABASE}_copy`, `${DATABASE}_import`]) await wrapper.dropDatabase(name);
  await wrapper.forceCloseAll();
});

/** A value as TypeScript source. */
function source(value) {
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof mongoose.Connection) return 'connection';
  if (value instanceof Error) return 'new Error()';
  if (Array.isArray(value)) return `[${value.map(source).join(', ')}]`;
  if (typeof value !== 'object' || value === null)
    return value === undefined ? 'undefined' : JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, part]) => `${JSON.stringify(key)}: ${source(part)}`)
    .join(', ')} }`;
}

async function results() {
  const User = wrapper.wrapModel(mongoose.model('TypesUser', new mongoose.Schema({ name: String })));
  const connecting = once(wrapper, 'connect');
  const connected = await wrapper.connect();
  const [event] = await connecting;
  await User.create({ name: 'Ada' });
  await wrapper.scale.connectDB(`${DATABASE}_copy`, { maxConnections: 2, autoClose: true, ttl: 60_000 });
  const exported = await wrapper.actions.exportDB(DATABASE);
  const stats = await wrapper.stats.db();
  const failing = once(wrapper, 'disconnect');
  const found = {
    ConnectResult: connected,
    ConnectEvent: event,
    PingResult: await wrapper.ping(),
    DatabaseExport: exported,
    DatabaseImportSummary: await wrapper.actions.importDB(`${DATABASE}_import`, exported),
    DatabaseCopySummary: await wrapper.actions.copyDatabase(DATABASE, `${DATABASE}_copy`),
    WrapperStats: wrapper.stats(),
    ConnectionStats: wrapper.stats.general(),
    DbStats: stats,
    "Awaited<ReturnType<PolyMongo.StatsApi['listDatabases']>>": await wrapper.stats.listDatabases(),
    SyncIndexesReport: await wrapper.syncIndexes(undefined, { databases: [DATABASE] }),
    ForEachTenantReport: await wrapper.forEachTenant(() => {}, { names: [DATABASE] }),
    "ReturnType<PolyMongo['toJSON']>": wrapper.toJSON(),
    DisconnectResult: await wrapper.disconnect(),
    CloseResult: await wrapper.closeAll(),
  };
  [found.DisconnectEvent] = await failing;
  await wrapper.connect();
  return found;
}

test('what the wrapper answers is what the types say, with nothing missing and nothing more', async () => {
  const found = await results();
  // A literal may have no property that its type has not.
  const constants = Object.entries(found).map(([type, value], index) => {
    const name = /^\w+$/.test(type) ? `PolyMongo.${type}` : type;
    return `export const result${index}: ${name} = ${source(value)};`;
  });
  project.write(
    'results.mts',
    `import type { Connection } from 'mongoose';
import type PolyMongo from 'polymongo';
declare const connection: Connection;
${constants.join('\n')}
`,
  );
  expect(compile(project.directory, ['results.mts'])).toBe('');
});
