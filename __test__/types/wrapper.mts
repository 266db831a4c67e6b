import mongoose from 'mongoose';
import PolyMongo, { PolyMongoError } from 'polymongo';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <T extends true>(): T | undefined => undefined;

const wrapper = PolyMongo.createWrapper({
  mongoURI: 'mongodb://localhost:27017',
  defaultDB: 'main',
  maxPoolSize: 10,
  minFreeConnections: 0,
  idleTimeoutMS: 300_000,
  coldStart: true,
  retry: 3000,
  debug: { log: true, logPath: './logs', logHandler: async (line) => line.length },
  dbSpecific: [
    {
      dbName: 'analytics',
      mongoURI: 'mongodb://localhost:27018',
      options: { maxConnections: 25, autoClose: true, ttl: 300_000, coldStart: true },
    },
  ],
  allowDatabase: (dbName) => dbName.startsWith('tenant_'),
  handleSignals: ['SIGTERM'],
  readPreference: mongoose.mongo.ReadPreference.nearest,
  writeConcern: new mongoose.mongo.WriteConcern('majority'),
  readConcern: 'majority',
  compressors: ['zstd', 'zlib'],
});

// @ts-expect-error: mongoURI is required
PolyMongo.createWrapper({ maxPoolSize: 10 });
// @ts-expect-error: the name is misspelt
PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017', maxPolSize: 10 });
// @ts-expect-error: a number is expected
PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017', maxPoolSize: '10' });
// @ts-expect-error: server names cannot be left unchecked
PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017', tlsAllowInvalidHostnames: true });

const connected = await wrapper.connect();
check<Equal<typeof connected.state, 'connected'>>();
const ping = await wrapper.ping('tenant_1');
const latency: number = ping.latency;
check<Equal<ReturnType<typeof wrapper.isConnected>, boolean>>();
const connection: mongoose.Connection | undefined = wrapper.adv.getPrimaryConnection();
new wrapper.adv.mongoose.Schema({ name: String });

const result: { moved: number } = await wrapper.transaction(
  async (session) => {
    check<Equal<typeof session, mongoose.ClientSession>>();
    await session.abortTransaction();
    return { moved: 1 };
  },
  { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' }, maxCommitTimeMS: 1000 },
);

const stop: () => void = wrapper.on('error', (event) => {
  check<Equal<typeof event.error, Error>>();
  return event.dbName;
});
stop();
wrapper.once('connect', async (event) => {
  const open: mongoose.Connection = event.connection;
  // @ts-expect-error: only `error` events carry an error
  event.error;
  return open.name;
});
// @ts-expect-error: no such event
wrapper.on('connected', () => {});
wrapper.onTheseDBConnect(['tenant_1'], (open) => open.name);

wrapper.scale.setDB('tenant_1', { maxConnections: 5 });
await wrapper.scale.connectDB(['tenant_1', 'tenant_2'], { maxConnections: 5, ttl: 1000, autoClose: true });
wrapper.pool.configure(['tenant_1']);
await wrapper.pool.connect('tenant_1');

const inUse: number = wrapper.stats().activeConnections;
const sockets: number | undefined = wrapper.stats.general().primary?.poolStats?.totalConnections;
const names: string[] = (await wrapper.stats.listDatabases()).map(({ dbName }) => dbName);
const size: number = (await wrapper.stats.db()).sizeMb;

const Listed = wrapper.wrapModel(mongoose.model('Listed', new mongoose.Schema({ name: String })));
const bytes: Buffer = await wrapper.json(Listed.db('tenant_1').find({ name: 'Ada' }).sort('name').lean());
await wrapper.json(Listed.findOne());
await wrapper.json(Listed.aggregate([{ $match: { name: 'Ada' } }]));
wrapper.jsonStream(Listed.find(), { format: 'ndjson', batchSize: 100 }).pipe(process.stdout);
wrapper.jsonStream(Listed.aggregate([]));
// @ts-expect-error: documents, not a query
wrapper.json(await Listed.find());
// @ts-expect-error: no such format
wrapper.jsonStream(Listed.find(), { format: 'xml' });

process.once('SIGTERM', wrapper.closeAll);
process.once('beforeExit', wrapper.closeAll);
const hook = (run: () => unknown): unknown => run();
hook(wrapper.closeAll);
const { drained, cancelled } = await wrapper.closeAll({ timeoutMS: 5000 });
// @ts-expect-error: the name is misspelt
wrapper.closeAll({ timeoutMs: 5000 });
await wrapper.forceCloseAll();
wrapper.closeDBstream('tenant_1');
wrapper.closeAllWatches();
await wrapper.dropDatabase('tenant_1');

const ran: Promise<number> = wrapper.run('tenant_1', async () => 1);
const within: string | undefined = wrapper.withTenant({ db: 'tenant_1', timeoutMS: 500 }, () =>
  wrapper.currentTenant(),
);

const exported = await wrapper.actions.exportDB('tenant_1');
const imported: number = (await wrapper.actions.importDB('tenant_2', exported)).insertedDocuments;
await wrapper.bulkTasks.importStream('tenant_3', wrapper.bulkTasks.exportStream('tenant_1', { version: 1 }));
await wrapper.actions.copyDatabase('tenant_1', 'tenant_4', { onExisting: 'merge' });

const refused = (error: unknown): string | undefined =>
  error instanceof PolyMongoError && error.code === 'INVALID_DATABASE_NAME' ? error.dbName : undefined;
const kept: PolyMongoError = new PolyMongo.PolyMongoError('kept', { code: 'INVALID_MODEL' });
check<Equal<typeof kept.code, PolyMongo.ErrorCode>>();
// @ts-expect-error: no such code
const wrong: PolyMongo.ErrorCode = 'NO_SUCH_CODE';

export {
  bytes,
  cancelled,
  connection,
  drained,
  type imported,
  inUse,
  latency,
  names,
  ran,
  refused,
  result,
  size,
  sockets,
  within,
  wrong,
};
