const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { inspect } = require('node:util');
const { Logger } = require('../../lib/services/logger');
const { redact, redactValue } = require('../../lib/protocol/redact');
const { until } = require('../support/until');
const { model, wrappers } = require('./support/wrappers');

const { create } = wrappers('wlog');
const CANARY = 'c4n4ry-S3cret';
let folder;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-log-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
const everything = () =>
  fs
    .readdirSync(folder)
    .map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
    .join('');
const targets = (given) => ({ debug: true, console: false, folder: undefined, handler: undefined, ...given });

test('everything to one file, errors to error.log too, readable by the owner only', async () => {
  const logger = new Logger(targets({ folder }));
  logger.debug('quiet');
  logger.error('loud', new Error('reason'));
  const names = () => fs.readdirSync(folder).sort();
  await until(() => names().length === 2 && everything().split('loud').length === 3);
  expect(names()).toEqual([
    'error.log',
    expect.stringMatching(/^polymongo-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.log$/),
  ]);
  for (const name of names()) expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
  const errors = fs.readFileSync(path.join(folder, 'error.log'), 'utf8');
  expect(errors).toMatch(/^\[\d{4}-.*Z\] \[ERROR\] \[PolyMongo\] loud: Error: reason/);
  expect(errors).not.toContain('quiet');
  logger.close();
});

test('while it is off only errors are written, and only where a folder was named', async () => {
  const lines = [];
  const logger = new Logger(targets({ debug: false, folder, handler: (line) => lines.push(line) }));
  logger.info('info');
  logger.error('error');
  await until(() => fs.existsSync(path.join(folder, 'error.log')) && everything().includes('error'));
  expect(fs.readdirSync(folder)).toEqual(['error.log']);
  expect(lines).toHaveLength(1);
  logger.close();
});

test('files of 5 MB, five of them', async () => {
  const logger = new Logger(targets({ folder }));
  const line = 'x'.repeat(1024 * 1024);
  for (let turn = 0; turn < 8; turn++) {
    for (let count = 0; count < 5; count++) logger.info(line);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  await until(() => fs.readdirSync(folder).length === 5);
  for (const name of fs.readdirSync(folder))
    expect(fs.statSync(path.join(folder, name)).size).toBeLessThan(6.5e6);
  logger.close();
});

test('logging never throws: a folder that cannot be written to is one warning, a failing handler none', async () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const file = path.join(folder, 'a-file');
  fs.writeFileSync(file, '');
  const logger = new Logger(targets({ folder: path.join(file, 'below') }));
  for (let turn = 0; turn < 3; turn++) logger.error('x');
  new Logger(
    targets({
      handler: () => {
        throw new Error('no');
      },
    }),
  ).error('x');
  new Logger(targets({ handler: () => Promise.reject(new Error('no')) })).error('x');
  const circular = {};
  circular.self = circular;
  new Logger(targets({ handler: () => {} })).info('x', new Map([[circular, 1n]]));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(warned.mock.calls.map(([, { code }]) => code)).toEqual(['LOG_UNWRITABLE']);
  warned.mockRestore();
});

test('a wrapper logs to its handler', async () => {
  const lines = [];
  const wrapper = create({
    sharePool: false,
    debug: { log: true, logHandler: (line) => lines.push(line) },
    slowMS: 0,
  });
  const Item = wrapper.wrapModel(model());
  await Item.db('wlog_a').create({ name: 'a' });
  await until(() => lines.some((line) => /Slow command insert/.test(line)));
  await wrapper.closeAll();
  expect(lines.join('\n')).toMatch(/Database "wlog_a" connected/);
  for (const line of lines) expect(line).toMatch(/^\[\d{4}-.*Z\] \[(DEBUG|INFO|WARN|ERROR)\] \[PolyMongo\] /);
});

test('the redactor', () => {
  expect(redact(`x mongodb://u:${CANARY}@h/db y`)).toBe('x mongodb://<redacted>@h/db y');
  for (const text of [
    `mongodb+srv://u:${CANARY}@@h`,
    `mongodb://u:a/${CANARY}@h`,
    `password=${CANARY}&x=1`,
    `{"password":"${CANARY}"}`,
    `pwd: '${CANARY}'`,
    `authMechanismProperties=SERVICE:${CANARY}`,
    `tlsCertificateKeyFilePassword=${CANARY}`,
  ])
    expect(redact(text)).not.toContain(CANARY);
  const value = {
    a: [{ password: CANARY }],
    uri: `mongodb://u:${CANARY}@h`,
    deep: { text: `mongodb://u:${CANARY}@h` },
  };
  expect(JSON.stringify(redactValue(value))).not.toContain(CANARY);
});

test('a password shows up nowhere: errors, events, logs, statistics, inspection', async () => {
  const shown = [];
  const show = (...values) => {
    for (const value of values)
      shown.push(
        String(value?.stack ?? value),
        inspect(value, { depth: 8, showHidden: true }),
        JSON.stringify(value, replaceCycles()) ?? '',
      );
  };
  const written = ['stdout', 'stderr'].map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => shown.push(String(text)) > 0),
  );
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(show);
  const server = process.env.POLYMONGO_TEST_URI.replace('mongodb://', `mongodb://user:${CANARY}@`);
  const uris = [
    `mongodb://user:${CANARY}@127.0.0.1:1/app?serverSelectionTimeoutMS=200&authSource=admin`,
    `mongodb://user:${CANARY}@no-such-host.invalid/app?serverSelectionTimeoutMS=200`,
    `mongodb+srv://user:${CANARY}@no-such-host.invalid/app?serverSelectionTimeoutMS=200`,
    // TLS to a port that speaks none.
    `${server}&tls=true&serverSelectionTimeoutMS=200`,
    server.replace(/replicaSet=\w+/, 'replicaSet=other&serverSelectionTimeoutMS=200'),
    `mongodb://user:${CANARY}@127.0.0.1:1,127.0.0.1:2/?replicaSet=no&serverSelectionTimeoutMS=200`,
    server,
  ];
  for (const mongoURI of uris) {
    const wrapper = create({
      mongoURI,
      defaultDB: undefined,
      preferURI: false,
      sharePool: false,
      retry: 50,
      debug: { log: true, logPath: folder, logHandler: show },
      dbSpecific: [
        { dbName: 'wlog_other', mongoURI, options: { auth: { username: 'user', password: CANARY } } },
      ],
    });
    const Item = wrapper.wrapModel(model());
    for (const event of ['connect', 'disconnect', 'error'])
      wrapper.on(event, ({ connection, ...rest }) =>
        show(rest, connection?.client, connection?.client?.options),
      );
    const attempts = [
      wrapper.connect(),
      wrapper.ping(),
      Item.countDocuments(),
      Item.db('wlog_other').create({ name: 'a' }),
      wrapper.scale.connectDB('wlog_third', { mongoURI }),
      wrapper.stats.db(),
      wrapper.actions.exportDB('wlog_x'),
    ];
    for (const { reason, value } of await Promise.allSettled(attempts)) show(reason, value && 'ok');
    show(wrapper, wrapper.stats(), wrapper.stats.general(), Item, Item.db, wrapper.adv.getConnection());
    show(wrapper.adv.getConnection().client);
    show(await wrapper.forceCloseAll());
  }
  for (const mongoURI of [
    `mongodb://user:${CANARY}@`,
    `mongodb://user:${CANARY}@@h:x`,
    `mongo://user:${CANARY}@h`,
  ])
    try {
      create({ mongoURI });
    } catch (error) {
      show(error);
    }
  for (const spy of [...written, warned]) spy.mockRestore();
  expect(shown.length).toBeGreaterThan(100);
  expect(shown.filter((text) => text.includes(CANARY))).toEqual([]);
  await until(() => everything().includes('Connection attempt 1 failed'));
  expect(everything()).not.toContain(CANARY);
});

function replaceCycles() {
  const seen = new WeakSet();
  return (_key, value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}
