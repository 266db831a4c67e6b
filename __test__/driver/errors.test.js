'use strict';

const { mongo } = require('../../__test__/support/mongoose');
const { codecOf, codecOfMongoose } = require('../../lib/protocol/codec');
const { toError } = require('../../lib/protocol/errors');
const mongoose = require('../support/mongoose');

const codec = codecOf(mongo);
const made = (kind, more) => toError(codec, { kind, message: 'what happened', labels: [], ...more });

test.each([
  ['command', 'MongoServerError'],
  ['authentication', 'MongoServerError'],
  ['network', 'MongoNetworkError'],
  ['networkTimeout', 'MongoNetworkTimeoutError'],
  ['poolCleared', 'MongoNetworkError'],
  ['serverSelection', 'MongoServerSelectionError'],
  ['timeout', 'MongoOperationTimeoutError'],
  ['waitQueueTimeout', 'MongoNetworkTimeoutError'],
  ['closed', 'MongoClientClosedError'],
  ['transaction', 'MongoTransactionError'],
  ['sessionExpired', 'MongoExpiredSessionError'],
  ['unknownCursor', 'MongoCursorExhaustedError'],
  ['invalidArgument', 'MongoInvalidArgumentError'],
  ['configuration', 'MongoRuntimeError'],
  ['internal', 'MongoRuntimeError'],
  ['a kind of tomorrow', 'MongoRuntimeError'],
])('%s is a %s of the user’s own mongodb', (kind, name) => {
  const error = made(kind);
  expect(error).toBeInstanceOf(mongo[name]);
  expect(error.name).toBe(name);
  expect(error.message).not.toBe('');
});

test('a result that is too large for one piece is an error of ours', () => {
  expect(made('resultTooLarge')).toMatchObject({ name: 'PolyMongoError', code: 'JSON_TOO_LARGE' });
});

test('a server’s answer is kept whole', () => {
  const reply = {
    ok: 0,
    errmsg: 'E11000 duplicate key',
    code: 11000,
    codeName: 'DuplicateKey',
    keyPattern: { a: 1 },
    keyValue: { a: 5 },
    errorLabels: ['Theirs'],
  };
  const error = made('command', { reply, labels: ['Ours'] });
  expect(error).toMatchObject({
    message: reply.errmsg,
    code: 11000,
    codeName: 'DuplicateKey',
    keyPattern: { a: 1 },
  });
  expect(error.errorResponse).toBe(reply);
  expect(error.errorLabels.sort()).toEqual(['Ours', 'Theirs']);
  expect(error.hasErrorLabel('Ours')).toBe(true);
});

test('refused credentials have the server’s code', () => {
  expect(made('authentication')).toMatchObject({
    code: 18,
    codeName: 'AuthenticationFailed',
    message: 'what happened',
  });
});

test('what is closed is recognised in both worlds', () => {
  expect(made('closed').code).toBe('WRAPPER_CLOSED');
});

test('deadlines say whether anything was sent', () => {
  for (const kind of ['timeout', 'networkTimeout', 'waitQueueTimeout', 'aborted']) {
    expect(made(kind, { sent: true }).sent).toBe(true);
    expect(made(kind).sent).toBe(false);
  }
  expect(made('waitQueueTimeout').code).toBe('WAIT_QUEUE_TIMEOUT');
  expect(made('command')).not.toHaveProperty('sent');
});

test('an operation across clusters is ours to refuse', () => {
  expect(made('crossCluster')).toMatchObject({ name: 'PolyMongoError', code: 'TRANSACTION_CROSS_CLUSTER' });
});

test('a failed server selection has the reason that Mongoose looks into', () => {
  const topology = {
    kind: 'ReplicaSetNoPrimary',
    setName: 'rs',
    servers: [
      { address: 'a.example:27017', type: 'Unknown', error: 'connection refused' },
      { address: '[::1]:27018', type: 'RSSecondary' },
      { address: '/tmp/mongodb.sock' },
    ],
  };
  const { reason, message } = toError(codec, { kind: 'serverSelection', message: 'No server' }, topology);
  expect(message).toBe('No server');
  expect(reason.constructor.name).toBe('TopologyDescription');
  expect(reason.type).toBe('ReplicaSetNoPrimary');
  expect([...reason.servers.values()].map(({ host, port, type }) => [host, port, type])).toEqual([
    ['a.example', 27017, 'Unknown'],
    ['[::1]', 27018, 'RSSecondary'],
    ['/tmp/mongodb.sock', undefined, 'Unknown'],
  ]);
  expect(reason.servers.get('a.example:27017').error.message).toBe('connection refused');
  expect(toError(codec, { kind: 'serverSelection', message: 'x' }).reason.servers.size).toBe(0);
});

test('a cause is an error of its own', () => {
  const error = made('serverSelection', { cause: { kind: 'network', message: 'refused' } });
  expect(error.cause).toBeInstanceOf(mongo.MongoNetworkError);
});

test('the classes of bulk results are those of the same mongodb', () => {
  const { BulkWriteResult, WriteError, MongoBulkWriteError } = codec.bulk;
  expect(MongoBulkWriteError).toBe(mongo.MongoBulkWriteError);
  expect([BulkWriteResult.name, WriteError.name]).toEqual(['BulkWriteResult', 'WriteError']);
  expect(codecOfMongoose(mongoose)).toBe(codec);
});
