'use strict';

const { once } = require('node:events');
const PolyMongo = require('../..');
const { startReplicaSet } = require('../../scripts/replica-set');
const { makeCertificates } = require('../support/certificates');
const mongoose = require('../support/mongoose');

const Thing = mongoose.model('EncryptedThing', new mongoose.Schema({ name: String }));
const SUBJECT = 'CN=client';

let certificates;
let ours;
let strict;
let admin;

beforeAll(async () => {
  certificates = await makeCertificates();
  const start = (certificate, ...args) =>
    startReplicaSet({
      args: [
        ...['--tlsMode', 'preferTLS', '--tlsCAFile', certificates.file('authority')],
        ...['--tlsCertificateKeyFile', certificates.file(certificate), ...args],
      ],
    });
  [ours, strict] = await Promise.all([
    start('server', '--tlsAllowConnectionsWithoutCertificates'),
    start('elsewhere'),
  ]);
  admin = await new mongoose.mongo.MongoClient(ours.uri).connect();
});

afterAll(async () => {
  await admin.close();
  await Promise.all([ours, strict].map((set) => set.stop()));
  await certificates.remove();
});

/** `work` with a model of a wrapper of its own. */
async function withModel(uri, options, work) {
  const settings = { serverSelectionTimeoutMS: 1000, handleSignals: false, ...options };
  const wrapper = PolyMongo.createWrapper({ mongoURI: uri, ...settings });
  try {
    return await work(wrapper.wrapModel(Thing).db('encrypted'), wrapper);
  } finally {
    await wrapper.forceCloseAll();
  }
}

const failureOf = (uri, options) =>
  withModel(uri, options, (model) =>
    model.findOne().then(
      () => null,
      (error) => error,
    ),
  );

const trusted = () => ({ tls: true, tlsCAFile: certificates.file('authority') });

/** How many connections came in with TLS so far. */
async function encrypted() {
  const { transportSecurity } = await admin.db('admin').command({ serverStatus: 1 });
  return Object.values(transportSecurity).reduce((sum, count) => sum + Number(count), 0);
}

describe('a server whose certificate an authority of tlsCAFile has issued', () => {
  test('is used over TLS by all that the wrapper does', async () => {
    const before = await encrypted();
    await withModel(ours.uri, trusted(), async (model, wrapper) => {
      const { _id } = await model.create({ name: 'one' });
      await wrapper.transaction(async (session) => {
        await model.updateOne({ _id }, { name: 'two' }, { session });
      });
      expect(await model.findById(_id).lean()).toMatchObject({ name: 'two' });
      const stream = model.collection.watch();
      const change = stream.next();
      await once(stream, 'init');
      await model.deleteOne({ _id });
      expect(await change).toMatchObject({ operationType: 'delete' });
      await stream.close();
    });
    expect(await encrypted()).toBeGreaterThan(before + 1);
  });

  test('is used by the parameters of the connection string as well', async () => {
    const uri = `${ours.uri}&tls=true&tlsCAFile=${encodeURIComponent(certificates.file('authority'))}`;
    await withModel(uri, {}, async (model) => expect(await model.countDocuments()).toBe(0));
  });

  test('and by a dedicated pool', async () => {
    await withModel(ours.uri, trusted(), async (model, wrapper) => {
      await wrapper.scale.connectDB('encrypted', { maxConnections: 2 });
      expect(await model.countDocuments()).toBe(0);
    });
  });

  test('knows a client by its certificate', async () => {
    const roles = [{ role: 'readWrite', db: 'encrypted' }];
    await admin.db('$external').command({ createUser: SUBJECT, roles });
    const options = {
      ...trusted(),
      tlsCertificateKeyFile: certificates.file('client'),
      authMechanism: 'MONGODB-X509',
    };
    await withModel(ours.uri, options, async (model) => {
      const { authInfo } = await model.db.db.command({ connectionStatus: 1 });
      expect(authInfo.authenticatedUsers).toEqual([{ user: SUBJECT, db: '$external' }]);
    });
  });
});

describe('what is wrong with a connection is told with the option that it takes', () => {
  test.each([
    ['an authority that nobody named', () => ({ tls: true }), /UnknownIssuer \(tlsCAFile names/],
    [
      'another authority than that named',
      () => ({ tls: true, tlsCAFile: certificates.file('stranger') }),
      /UnknownIssuer \(tlsCAFile names/,
    ],
    [
      'a file that is not there',
      () => ({ tls: true, tlsCAFile: certificates.file('nothing') }),
      /nothing\.pem: .*No such file/,
    ],
    [
      'a key that is encrypted',
      () => ({ ...trusted(), tlsCertificateKeyFile: certificates.file('locked') }),
      /locked\.pem.*not encrypted/,
    ],
  ])('%s', async (_, options, message) => {
    const error = await failureOf(ours.uri, options());
    expect(error).toBeInstanceOf(mongoose.mongo.MongoError);
    expect(error.message).toMatch(message);
  });

  test('a certificate for another host', async () => {
    const options = { ...trusted(), tlsCertificateKeyFile: certificates.file('client') };
    const error = await failureOf(strict.uri, options);
    expect(error.message).toMatch(/not valid for name "127\.0\.0\.1".*elsewhere\.example/);
  });

  test('a client without a certificate', async () => {
    const options = { tls: true, tlsAllowInvalidCertificates: true };
    expect((await failureOf(strict.uri, options)).message).toMatch(/say tlsCertificateKeyFile/);
  });

  test('a server without TLS', async () => {
    const error = await failureOf(process.env.POLYMONGO_TEST_URI, trusted());
    expect(error.message).toMatch(/does not seem to offer TLS/);
  });

  test('a server that requires TLS', async () => {
    await admin.db('admin').command({ setParameter: 1, tlsMode: 'requireTLS' });
    expect((await failureOf(ours.uri, {})).message).toMatch(/requires TLS .* say tls=true/);
    await withModel(ours.uri, trusted(), async (model) => expect(await model.countDocuments()).toBe(0));
    // The servers' own package would say goodbye without TLS.
    await ours.members[0].kill();
  });
});

test('tlsAllowInvalidCertificates takes any server', async () => {
  const options = {
    tls: true,
    tlsAllowInvalidCertificates: true,
    tlsCertificateKeyFile: certificates.file('client'),
  };
  await withModel(strict.uri, options, async (model) => expect(await model.countDocuments()).toBe(0));
});
