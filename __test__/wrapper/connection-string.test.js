const { parseConnection } = require('../../lib/protocol/connection-string');

const CANARY = 'c4n4ry-S3cret';
const failure = (...parts) => {
  try {
    parseConnection(...parts);
  } catch (error) {
    return error;
  }
  throw new Error(`${JSON.stringify(parts)} was accepted`);
};

describe('taking a connection string apart', () => {
  test.each([
    ['mongodb://h', ['h'], null],
    ['mongodb://h:27018/', ['h:27018'], null],
    ['mongodb://a,b:2,c/app?replicaSet=rs', ['a', 'b:2', 'c'], 'app'],
    ['mongodb://h/?maxPoolSize=5', ['h'], null],
    ['mongodb://h?maxPoolSize=5', ['h'], null],
    ['mongodb://[::1]:27017/app', ['[::1]:27017'], 'app'],
    ['mongodb://%2Ftmp%2Fmongodb.sock/app', ['%2Ftmp%2Fmongodb.sock'], 'app'],
    ['mongodb+srv://cluster.example.net/app', ['cluster.example.net'], 'app'],
    ['mongodb://h/admin', ['h'], null],
    ['mongodb://h/local', ['h'], null],
    ['mongodb://h/config', ['h'], null],
    ['mongodb://h/caf%C3%A9', ['h'], 'café'],
  ])('%s', (uri, hosts, database) => {
    expect(parseConnection(uri)).toMatchObject({ hosts, database, warnings: [] });
  });

  test.each([
    [undefined, 'is required'],
    ['', 'is required'],
    [5, 'must be a string'],
    ['http://h', 'must start with mongodb:// or mongodb+srv://'],
    ['mongodb://', 'a host name is empty'],
    ['mongodb://a,,b', 'a host name is empty'],
    ['mongodb://h:0', 'port'],
    ['mongodb://h:99999', 'port'],
    ['mongodb+srv://h:1', 'takes no port'],
    ['mongodb+srv://a,b', 'takes one host name'],
    ['mongodb://h/a b', 'white space'],
    ['mongodb://h/a.b', 'database name'],
    ['mongodb://h/%zz', 'hexadecimal'],
    ['mongodb://h/?maxPoolSize', 'name=value'],
    ['mongodb://h/?maxPoolSize=', 'maxPoolSize in mongoURI must be a positive number'],
    ['mongodb://h/?maxPoolSize=0', 'maxPoolSize in mongoURI must be a positive number'],
    ['mongodb://h/?tls=yes', 'tls in mongoURI must be a boolean'],
    ['mongodb://h/?maxPoolSize=1&MAXPOOLSIZE=2', 'maxPoolSize twice'],
    ['mongodb://h/?readPreference=fastest', 'readPreference in mongoURI must be one of'],
    ['mongodb://h/?heartbeatFrequencyMS=100', 'at least 500'],
    ['mongodb://h/?authMechanism=GSSAPI', 'authMechanism in mongoURI must be'],
  ])('%s is refused', (uri, text) => {
    expect(failure(uri)).toMatchObject({
      name: 'PolyMongoError',
      code: 'URI_INVALID',
      message: expect.stringContaining(text),
    });
  });

  test('unknown and impossible options say what to do', () => {
    expect(failure('mongodb://h/?maxPolSize=1')).toMatchObject({
      code: 'OPTION_UNKNOWN',
      message: 'mongoURI holds the unknown option "maxPolSize"; did you mean "maxPoolSize"?',
    });
    expect(failure('mongodb://h/?tlsAllowInvalidHostnames=true')).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('cannot be honoured'),
    });
    expect(parseConnection('mongodb://h/?keepAlive=true').warnings).toEqual([
      'keepAlive in mongoURI has no effect here and may be removed',
    ]);
    expect(parseConnection('mongodb://h/?nonsense=1', {}, {}, { lenient: true }).warnings).toHaveLength(1);
  });

  test.each([
    `mongodb://user:${CANARY}@:1/app`,
    `mongodb://user:${CANARY}/x@h/app`,
    `mongodb://user:12/${CANARY}@h/app`,
    `mongodb://user:${CANARY}@x@h/app`,
    `mongodb://user:${CANARY}:y@h/app`,
    `mongodb://user:${CANARY}?x@h/app`,
    `mongodb://user:12?${CANARY}@h/app`,
    `mongodb://user:${CANARY}%zz@h/app`,
    `mongodb://user:${CANARY}#x@h/app`,
    `mongodb://user:${CANARY}@h/app?${CANARY}=1`,
    `mongodb://user:${CANARY}@h/app?maxPoolSize=zero`,
    `mongodb://user:${CANARY} @h/app`,
    `http://user:${CANARY}@h/app`,
  ])('no error shows the password (%#)', (uri) => {
    const error = failure(uri);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(CANARY);
  });
});

describe('what the engine is given', () => {
  test('identity stays in the URI, behaviour goes into the configuration', () => {
    const { uri, config } = parseConnection(
      'mongodb://u:p%40ss@a,b/app?REPLICASET=rs0&maxpoolsize=7&socketTimeoutMS=1000&waitQueueTimeoutMS=5&timeoutMS=9&tls=true' +
        '&compressors=zstd,none&retryWrites=false&authMechanism=scram-sha-256&appName=caf%C3%A9',
    );
    expect(uri).toBe('mongodb://u:p%40ss@a,b/app?replicaSet=rs0&tls=true&authMechanism=SCRAM-SHA-256');
    expect(config).toEqual({
      maxPoolSize: 7,
      socketTimeoutMS: 1000,
      waitQueueTimeoutMS: 5,
      timeoutMS: 9,
      compressors: ['zstd'],
      retryWrites: false,
      appName: 'café',
    });
  });

  test('an explicit login takes its place in the URI, encoded', () => {
    const { uri, authSource } = parseConnection('mongodb://h/app', {
      auth: { username: 'a:b', password: 'p@/?' },
    });
    expect(uri).toBe('mongodb://a%3Ab:p%40%2F%3F@h/app');
    expect(authSource).toBe('app');
    expect(parseConnection('mongodb://h', { user: 'u', pass: 'p' })).toMatchObject({
      uri: 'mongodb://u:p@h/',
      authSource: 'admin',
    });
  });

  test('read and write concerns stay in JavaScript', () => {
    const uri =
      'mongodb://h/?readPreference=SECONDARYPREFERRED&readPreferenceTags=dc:ny,rack:1&readPreferenceTags=&maxStalenessSeconds=120' +
      '&readConcernLevel=majority&w=2&journal=true&wtimeoutMS=50';
    expect(parseConnection(uri)).toMatchObject({
      uri: 'mongodb://h/',
      config: {},
      readPreference: {
        mode: 'secondaryPreferred',
        tags: [{ dc: 'ny', rack: '1' }, {}],
        maxStalenessSeconds: 120,
      },
      readConcern: { level: 'majority' },
      writeConcern: { w: 2, j: true, wtimeout: 50 },
    });
    expect(parseConnection('mongodb://h/?w=majority').writeConcern).toEqual({ w: 'majority' });
    expect(
      parseConnection('mongodb://h', { readPreference: { mode: 'nearest', tags: [{ a: 'b' }] } })
        .readPreference,
    ).toEqual({ mode: 'nearest', tags: [{ a: 'b' }] });
    expect(failure('mongodb://h/?maxStalenessSeconds=120').message).toContain('other than "primary"');
  });

  test('serialisation options', () => {
    expect(parseConnection('mongodb://h', { useBigInt64: true }).bson).toEqual({ useBigInt64: true });
  });
});

describe('who wins', () => {
  test('an option over the URI, with one warning; the URI over a default of ours', () => {
    const { config, warnings } = parseConnection(
      'mongodb://h/?maxPoolSize=5&connectTimeoutMS=7000',
      { maxPoolSize: 6 },
      { maxPoolSize: 10, connectTimeoutMS: 2000, heartbeatFrequencyMS: 1000 },
    );
    expect(config).toEqual({ maxPoolSize: 6, connectTimeoutMS: 7000, heartbeatFrequencyMS: 1000 });
    expect(warnings).toEqual([
      'maxPoolSize is given as an option and in mongoURI with different values; the option wins',
    ]);
    expect(parseConnection('mongodb://h/?maxPoolSize=5', { maxPoolSize: 5 }).warnings).toEqual([]);
  });

  test.each([
    ['mongodb://h/?tls=true', { tls: false }],
    ['mongodb://h/?ssl=true', { tls: false }],
    ['mongodb://h/?authSource=a', { authSource: 'b' }],
    ['mongodb://u:p@h', { auth: { username: 'u', password: 'q' } }],
    ['mongodb://u:p@h', { user: 'v', pass: 'p' }],
  ])('nobody where security is concerned: %s and %j', (uri, options) => {
    expect(failure(uri, options)).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('given twice'),
    });
  });

  test.each([
    ['mongodb://a,b/?directConnection=true', 'directConnection'],
    ['mongodb://a,b/?loadBalanced=true', 'loadBalanced'],
    ['mongodb://a/?loadBalanced=true&replicaSet=r', 'exclude each other'],
    ['mongodb://a/?srvMaxHosts=2', 'mongodb+srv://'],
    ['mongodb://a/?tls=false&tlsCAFile=x', 'excludes every other tls option'],
    ['mongodb://a/?tlsInsecure=true&tlsAllowInvalidCertificates=true', 'exclude each other'],
    ['mongodb://a/?minPoolSize=5&maxPoolSize=4', 'minPoolSize cannot be greater than maxPoolSize'],
  ])('%s contradicts itself', (uri, text) => {
    expect(failure(uri).message).toContain(text);
  });

  test('an insecure switch is said aloud', () => {
    expect(parseConnection('mongodb://a/?tls=true&tlsInsecure=true').warnings[0]).toContain('not checked');
  });
});
