'use strict';

const { PolyMongoError } = require('../error');
const { TopologyDescription } = require('./topology-description');

/**
 * A failure as it crosses the border.
 * @typedef {object} ErrorPayload
 * @property {string} kind
 * @property {string} message
 * @property {string[]} [labels]
 * @property {number | null} [code]
 * @property {string | null} [codeName]
 * @property {any} [reply] the server's whole answer, where it spoke
 * @property {any} [partial] what had come before a reply's further batches failed
 * @property {string | null} [address]
 * @property {boolean | null} [sent] whether anything may have reached a server
 * @property {ErrorPayload | null} [cause]
 */

/** @typedef {import('./codec').Codec} Codec */

/** Where an error keeps what had come before it. */
const PARTIAL = Symbol('polymongo#partial');

/** @typedef {(mongo: any, payload: ErrorPayload, topology?: any) => any} Builder */

/** @satisfies {Record<string, Builder>} */
const BUILDERS = {
  command: (mongo, payload) => new mongo.MongoServerError(serverReply(payload)),
  authentication: (mongo, payload) => {
    const reply = serverReply(payload);
    return new mongo.MongoServerError({
      ...reply,
      code: reply.code ?? 18,
      codeName: reply.codeName ?? 'AuthenticationFailed',
    });
  },
  network: (mongo, { message }) => new mongo.MongoNetworkError(message),
  networkTimeout: (mongo, { message }) => new mongo.MongoNetworkTimeoutError(message),
  poolCleared: (mongo, { message }) => new mongo.MongoNetworkError(message),
  serverSelection: (mongo, { message }, topology) =>
    new mongo.MongoServerSelectionError(message, new TopologyDescription(topology)),
  timeout: (mongo, { message }) =>
    new (mongo.MongoOperationTimeoutError ?? mongo.MongoNetworkTimeoutError)(message),
  waitQueueTimeout: (mongo, { message }) =>
    withCode(
      new (mongo.MongoWaitQueueTimeoutError ?? mongo.MongoNetworkTimeoutError)(message),
      'WAIT_QUEUE_TIMEOUT',
    ),
  aborted: (_mongo, { message }) => new DOMException(message, 'AbortError'),
  closed: (mongo, { message }) => withCode(closedError(mongo, message), 'WRAPPER_CLOSED'),
  transaction: (mongo, { message }) => new mongo.MongoTransactionError(message),
  sessionExpired: (mongo) => new mongo.MongoExpiredSessionError('Use of expired sessions is not permitted'),
  crossCluster: (_mongo, { message }) => new PolyMongoError(message, { code: 'TRANSACTION_CROSS_CLUSTER' }),
  unknownCursor: (mongo, { message }) => new mongo.MongoCursorExhaustedError(message),
  resultTooLarge: (_mongo, { message }) => new PolyMongoError(message, { code: 'JSON_TOO_LARGE' }),
  invalidArgument: (mongo, { message }) => new mongo.MongoInvalidArgumentError(message),
  configuration: (mongo, { message }) => new mongo.MongoRuntimeError(message),
  internal: (mongo, { message }) => new mongo.MongoRuntimeError(message),
};

/** @type {Map<string, Builder>} */
const KINDS = new Map(Object.entries(BUILDERS));

/** Kinds that leave open whether a server saw the operation: the caller has to know. */
const DEADLINES = new Set(['timeout', 'networkTimeout', 'waitQueueTimeout', 'aborted']);

/**
 * Turns a failure of the engine into the class the user's own Mongoose has for it.
 * @param {Codec} codec
 * @param {ErrorPayload} payload
 * @param {any} [topology] the engine's last `topology` event: the reason of a failed server selection
 * @returns {any}
 */
function toError(codec, payload, topology) {
  const build = KINDS.get(payload.kind) ?? BUILDERS.internal;
  const error = build(codec.mongo, payload, topology);
  if (payload.labels && typeof error.addErrorLabel === 'function') {
    for (const label of payload.labels) error.addErrorLabel(label);
  }
  if (DEADLINES.has(payload.kind)) error.sent = payload.sent === true;
  if (payload.partial) Object.defineProperty(error, PARTIAL, { value: payload.partial });
  if (payload.cause) error.cause ??= toError(codec, payload.cause, topology);
  return error;
}

/**
 * The server's answer, or what the engine could tell of it.
 * @param {ErrorPayload} payload
 */
function serverReply({ reply, message, code, codeName }) {
  if (reply) return reply;
  /** @type {Record<string, unknown>} */
  const made = { ok: 0, errmsg: message };
  if (code != null) made.code = code;
  if (codeName != null) made.codeName = codeName;
  return made;
}

/**
 * @param {any} error
 * @param {string} code
 */
function withCode(error, code) {
  error.code = code;
  return error;
}

/**
 * @param {any} mongo
 * @param {string} message
 */
function closedError(mongo, message) {
  if (mongo.MongoClientClosedError === undefined) return new mongo.MongoNotConnectedError(message);
  const error = new mongo.MongoClientClosedError();
  if (message) error.message = message;
  return error;
}

module.exports = { PARTIAL, toError };
