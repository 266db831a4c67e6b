const { readOptions } = require('../../lib/wrapper/read-options');

const URI = 'mongodb://127.0.0.1:27017';
const PREFIX = 'Failed to initialize PolyMongoWrapper: ';
const read = (options, uri = URI) => readOptions({ mongoURI: uri, ...options });
const failure = (...parts) => {
  try {
    read(...parts);
  } catch (error) {
    return error;
  }
  throw new Error(`${JSON.stringify(parts)} was accepted`);
};

test('the texts of 1.3 are kept', () => {
  const texts = [
    [{ mongoURI: undefined }, 'mongoURI is required'],
    [{ mongoURI: '' }, 'mongoURI is required'],
    [{ mongoURI: 5 }, 'mongoURI must be a string'],
    [{ mongoURI: 'http://x' }, 'mongoURI must start with mongodb:// or mongodb+srv://'],
    [{ maxPoolSize: 0 }, 'maxPoolSize must be a positive number'],
    [{ maxPoolSize: '5' }, 'maxPoolSize must be a positive number'],
    [{ minFreeConnections: -1 }, 'minFreeConnections must be a non-negative number'],
    [{ idleTimeoutMS: -1 }, 'idleTimeoutMS must be a non-negative number'],
    [{ retry: -1 }, 'retry must be a non-negative number'],
    [{ minFreeConnections: 5, maxPoolSize: 4 }, 'minFreeConnections cannot be greater than maxPoolSize'],
    [{ minFreeConnections: 11 }, 'minFreeConnections cannot be greater than maxPoolSize'],
    [{ debug: 'yes' }, 'debug must be a boolean or an object'],
    [{ debug: { log: 1 } }, 'debug.log must be a boolean'],
    [{ debug: { logPath: 1 } }, 'debug.logPath must be a string'],
    [{ debug: { logHandler: 1 } }, 'debug.logHandler must be a function'],
    [{ logPath: 1 }, 'logPath must be a string'],
  ];
  for (const [options, text] of texts) {
    const error = failure(options);
    expect(error.name).toBe('PolyMongoError');
    expect(error.message.startsWith(PREFIX + text)).toBe(true);
  }
});

test.each([null, Number.NaN, ''])('%p asks whether an environment variable is unset', (value) => {
  for (const name of [
    'maxPoolSize',
    'defaultDB',
    'retry',
    'readPreference',
    'coldStart',
    'handleSignals',
    'appName',
  ]) {
    const error = failure({ [name]: value });
    expect(error).toMatchObject({ code: expect.stringMatching(/OPTION_INVALID|INVALID_DATABASE_NAME/) });
    expect(error.message).toMatch(new RegExp(`${name}.*is an environment variable unset\\?`));
  }
});

test('undefined is absent, nested too', () => {
  const { options, connection } = read({
    maxPoolSize: undefined,
    defaultDB: undefined,
    nonsense: undefined,
    debug: { log: undefined },
    dbSpecific: undefined,
  });
  expect(connection.config).toEqual({
    maxPoolSize: 10,
    maxConnecting: 8,
    connectTimeoutMS: 2000,
    heartbeatFrequencyMS: 1000,
  });
  expect(options).toMatchObject({ coldStart: true, nameRules: 'portable', sharePool: true });
});

test('not an object', () => {
  for (const value of [undefined, null, 'mongodb://x', [], 5])
    expect(() => readOptions(value)).toThrow(`${PREFIX}options must be an object`);
});

test('unknown options name the nearest one, or only warn', () => {
  expect(failure({ maxPolSize: 5 })).toMatchObject({
    code: 'OPTION_UNKNOWN',
    message: `${PREFIX}unknown option "maxPolSize"; did you mean "maxPoolSize"?`,
  });
  expect(failure({ dbSpecific: [{ dbName: 'a', options: { maxConections: 1 } }] }).message).toBe(
    `${PREFIX}unknown option "dbSpecific[0].options.maxConections"; did you mean "maxConnections"?`,
  );
  expect(failure({ dbSpecific: [{ dbName: 'a', option: {} }] }).code).toBe('OPTION_UNKNOWN');
  expect(read({ unknownOptions: 'warn', maxPolSize: 5 }).warnings).toHaveLength(1);
  expect(read({ compat: '1.3', maxPolSize: 5 }).warnings).toHaveLength(1);
});

test('only own properties are read', () => {
  const inherited = Object.assign(Object.create({ maxPoolSize: 99 }), { mongoURI: URI });
  expect(readOptions(inherited).connection.config.maxPoolSize).toBe(10);
});

test('leftovers warn, the impossible says why', () => {
  expect(read({ useNewUrlParser: true, bufferCommands: false }).warnings).toEqual([
    'useNewUrlParser has no effect here and may be removed',
    'bufferCommands has no effect here and may be removed',
  ]);
  for (const name of [
    'checkServerIdentity',
    'secureContext',
    'autoEncryption',
    'proxyHost',
    'tlsAllowInvalidHostnames',
  ])
    expect(failure({ [name]: true })).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`${name} cannot be honoured: `),
    });
});

test('other names of an option', () => {
  expect(read({ minFreeConnections: 3, idleTimeoutMS: 50, defaultSB: 'a' })).toMatchObject({
    connection: { config: { minPoolSize: 3, maxIdleTimeMS: 50 } },
    database: { name: 'a' },
  });
  expect(read({ defaultDB: 'a', defaultSB: 'a' }).database.name).toBe('a');
  expect(failure({ defaultDB: 'a', defaultSB: 'b' }).message).toContain('mean the same');
  expect(failure({ minFreeConnections: 1, minPoolSize: 2 }).message).toContain('mean the same');
});

describe('the default database', () => {
  const named = `${URI}/app`;
  const cases = [
    [{}, URI, { name: 'default', fixed: null, ambiguous: false }],
    [{ defaultDB: 'a' }, URI, { name: 'a', fixed: null }],
    [{}, named, { name: 'app', fixed: 'app', ambiguous: true }],
    [{}, `${URI}/admin`, { name: 'default', fixed: null }],
    [{ preferURI: true }, named, { name: 'app', fixed: 'app', ambiguous: false }],
    [{ preferURI: false }, named, { name: 'app', fixed: null, ambiguous: false }],
    [{ defaultDB: 'app' }, named, { name: 'app', fixed: 'app', ambiguous: false }],
    [{ defaultDB: 'a' }, named, { name: 'a', fixed: null }],
    [{ dbSpecific: [{ dbName: 'b' }] }, named, { name: 'app', fixed: null }],
    [{ allowDatabase: /./ }, named, { name: 'app', fixed: null }],
    [{ requireTenant: true }, named, { name: 'app', fixed: null }],
    [{ compat: '1.3' }, named, { name: 'default', fixed: null, ambiguous: false }],
    [{ compat: '1.3', defaultDB: 'a' }, named, { name: 'a', fixed: null }],
  ];
  test.each(cases)('%j on %s', (options, uri, expected) => {
    expect(read(options, uri).database).toMatchObject(expected);
  });

  test.each([
    [{ defaultDB: 'a' }],
    [{ dbSpecific: [{ dbName: 'b' }] }],
    [{ allowDatabase: /./ }],
    [{ requireTenant: true }],
    [{ compat: '1.3' }],
  ])('preferURI: true contradicts %j', (options) => {
    expect(failure({ preferURI: true, ...options }, named).message).toContain('preferURI: true allows only');
  });

  test('its name is checked', () => {
    expect(failure({ defaultDB: 'a.b' })).toMatchObject({ code: 'INVALID_DATABASE_NAME' });
    expect(failure({ defaultDB: 'admin' })).toMatchObject({ code: 'INVALID_DATABASE_NAME' });
    expect(read({ defaultDB: 'admin', allowSystemDatabases: true }).database.name).toBe('admin');
  });
});

describe('dbSpecific', () => {
  const pools = (dbSpecific, more) => read({ dbSpecific, ...more }).pools;

  test('sizes and times', () => {
    expect(
      pools([{ dbName: 'a' }, { dbName: 'b', options: { maxConnections: 3, ttl: 5, autoClose: true } }], {
        maxPoolSize: 7,
      }),
    ).toMatchObject([
      {
        name: 'a',
        pool: { config: { maxPoolSize: 7, autoClose: false, ttl: null }, coldStart: true, hosts: null },
      },
      { name: 'b', pool: { config: { maxPoolSize: 3, autoClose: true, ttl: 5 } } },
    ]);
  });

  test('a mongoURI of its own, beside or among the options', () => {
    const mongoURI = 'mongodb://u:secret@other:1/somewhere?maxPoolSize=3';
    for (const entry of [
      { dbName: 'a', mongoURI },
      { dbName: 'a', options: { mongoURI } },
    ]) {
      const [{ pool }] = pools([entry]);
      expect(pool).toMatchObject({
        hosts: ['other:1'],
        config: { uri: 'mongodb://u:secret@other:1/somewhere', maxPoolSize: 3 },
      });
      expect(JSON.stringify(pool.shown)).not.toContain('secret');
    }
  });

  test.each([
    [[{ dbName: 'a' }, { dbName: 'a' }], 'names the database "a" twice'],
    [['a'], 'dbSpecific[0] must be an object'],
    [[{ dbName: '' }], 'database name'],
    [[{ dbName: 'a', options: null }], 'dbSpecific[0].options must be an object'],
    [[{ dbName: 'a', options: { ttl: -1 } }], 'dbSpecific[0].options.ttl must be a non-negative number'],
    [[{ dbName: 'a', options: { maxConnections: 2, maxPoolSize: 3 } }], 'mean the same'],
    [
      [{ dbName: 'a', options: { maxConnections: 2, minConnections: 3 } }],
      'minConnections cannot be greater',
    ],
    [[{ dbName: 'a', options: { tls: true } }], 'needs a mongoURI beside it'],
    [{}, 'dbSpecific must be an array'],
  ])('%j is refused', (dbSpecific, text) => {
    expect(failure({ dbSpecific }).message).toContain(text);
  });

  test('autoClose without a ttl warns', () => {
    expect(read({ dbSpecific: [{ dbName: 'a', options: { autoClose: true } }] }).warnings[0]).toContain(
      'never closes',
    );
    expect(read({ dbSpecific: [{ dbName: 'a', options: { ttl: 5 } }] }).warnings).toEqual([]);
  });
});

test('where the log goes', () => {
  const handler = () => {};
  const cases = [
    [{}, { debug: false, console: false, folder: undefined }],
    [{ logPath: '/x' }, { debug: false, console: false, folder: '/x' }],
    [{ debug: true }, { debug: true, console: true, folder: './logs/Polymongo' }],
    [
      { debug: true, logPath: '/x' },
      { debug: true, console: true, folder: '/x' },
    ],
    [{ debug: { log: true } }, { debug: true, console: true, folder: undefined }],
    [{ debug: { log: true, logHandler: handler } }, { debug: true, console: false, handler }],
    [
      { debug: { log: true, logPath: '/y' }, logPath: '/x' },
      { debug: true, folder: '/y' },
    ],
    [{ debug: { logPath: '/y' } }, { debug: false, console: false, folder: '/y' }],
  ];
  for (const [options, expected] of cases) expect(read(options).log).toMatchObject(expected);
});

test('signals', () => {
  expect(read({ handleSignals: ['SIGTERM', 'SIGHUP'] }).options.handleSignals).toEqual(['SIGTERM', 'SIGHUP']);
  expect(failure({ handleSignals: ['SIGKILL'] }).message).toContain(
    'handleSignals must be a boolean or an array',
  );
  expect(failure({ handleSignals: 'SIGTERM' }).code).toBe('OPTION_INVALID');
});
