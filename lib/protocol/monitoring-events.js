'use strict';

const { decodeReply } = require('./decode');
const { toError } = require('./errors');
const { ServerDescription, TopologyDescription } = require('./topology-description');

/** @typedef {import('./codec').Codec} Codec */

/** Commands whose contents nobody may see. */
const SENSITIVE = new Set([
  'authenticate',
  'saslStart',
  'saslContinue',
  'getnonce',
  'createUser',
  'updateUser',
  'copydbgetnonce',
  'copydbsaslstart',
  'copydb',
]);

/** A command's int64 was a `Long` or a bigint when it was given. */
const AS_GIVEN = { promoteLongs: false };

/**
 * One of the engine's events with what it takes to show it.
 * @typedef {object} Given
 * @property {Codec} codec
 * @property {any} event
 * @property {Buffer} payload BSON; empty where the event has none
 * @property {any} options the client's
 */

/** @param {Given} given */
function reply({ codec, payload }) {
  return payload.length === 0 ? {} : decodeReply(codec, payload, 0, null);
}

/** @param {Given} given */
function failure({ codec, payload }) {
  return toError(codec, decodeReply(codec, payload, 0, null));
}

/** @param {any} event */
function commandHead({ address, connectionId, requestId, databaseName, commandName, serverConnectionId }) {
  return {
    address,
    connectionId,
    serviceId: undefined,
    requestId,
    databaseName,
    commandName,
    serverConnectionId: serverConnectionId == null ? null : BigInt(serverConnectionId),
  };
}

/** The official driver counts whole milliseconds. @param {any} event */
const duration = ({ durationMS }) => Math.floor(durationMS);

/** @param {Given} given */
function commandStarted({ codec, event, payload }) {
  const head = commandHead(event);
  const sensitive = SENSITIVE.has(event.commandName);
  const command = payload.length === 0 ? {} : decodeReply(codec, payload, 0, AS_GIVEN);
  return sensitive
    ? { commandObj: { [event.commandName]: true }, ...head, command: {} }
    : { ...head, command };
}

/** @param {Given} given */
function commandSucceeded(given) {
  return { ...commandHead(given.event), duration: duration(given.event), reply: reply(given) };
}

/** @param {Given} given */
function commandFailed(given) {
  const { event } = given;
  const shown = SENSITIVE.has(event.commandName) ? {} : failure(given);
  return { ...commandHead(event), duration: duration(event), failure: shown };
}

/** @param {Given} given */
function servers({ event, options }) {
  const { topologyId, address, previous, next } = event;
  /** @type {any} */
  const details = { topologyId };
  if (address !== undefined) details.address = address;
  if (next === undefined) return details;
  const describe = (/** @type {any} */ description) =>
    address === undefined
      ? new TopologyDescription(description, options.heartbeatFrequencyMS)
      : new ServerDescription(description);
  return { ...details, previousDescription: describe(previous), newDescription: describe(next) };
}

/** @param {Given} given */
function connection({ codec, event, options }) {
  const { address, connectionId, durationMS, reason, name } = event;
  /** @type {any} */
  const details = { time: new Date(event.time), address };
  if (durationMS !== undefined) details.durationMS = duration(event);
  if (connectionId !== undefined) details.connectionId = connectionId;
  if (reason !== undefined) details.reason = reason;
  if (name === 'connectionClosed') Object.assign(details, { serviceId: undefined, error: null });
  if (name === 'connectionPoolCleared') {
    Object.assign(details, {
      serviceId: undefined,
      interruptInUseConnections: event.interruptInUseConnections,
    });
  }
  if (name === 'connectionCheckOutFailed') {
    details.error = new codec.mongo.MongoNetworkError(`No connection to ${address} could be made`);
  }
  if (name === 'connectionPoolCreated') {
    details.options = {
      maxConnecting: options.maxConnecting ?? 2,
      maxPoolSize: event.options.maxPoolSize,
      minPoolSize: event.options.minPoolSize ?? 0,
      maxIdleTimeMS: event.options.maxIdleTimeMS ?? 0,
      waitQueueTimeoutMS: options.waitQueueTimeoutMS ?? 0,
    };
  }
  return details;
}

/** @type {Record<string, (given: Given) => any>} */
const DETAILS = {
  commandStarted,
  commandSucceeded,
  commandFailed,
  serverHeartbeatStarted: ({ event: { connectionId, awaited } }) => ({ connectionId, awaited }),
  serverHeartbeatSucceeded: (given) => ({
    connectionId: given.event.connectionId,
    duration: duration(given.event),
    reply: reply(given),
    awaited: given.event.awaited,
  }),
  serverHeartbeatFailed: (given) => ({
    connectionId: given.event.connectionId,
    duration: duration(given.event),
    failure: failure(given),
    awaited: given.event.awaited,
  }),
};

/** How the engine calls the kinds, and what belongs to each. @type {Record<string, string[]>} */
const NAMES = {
  command: ['commandStarted', 'commandSucceeded', 'commandFailed'],
  connection: [
    'connectionPoolCreated',
    'connectionPoolReady',
    'connectionPoolCleared',
    'connectionPoolClosed',
    'connectionCreated',
    'connectionReady',
    'connectionClosed',
    'connectionCheckOutStarted',
    'connectionCheckOutFailed',
    'connectionCheckedOut',
    'connectionCheckedIn',
  ],
  servers: [
    'serverOpening',
    'serverClosed',
    'serverDescriptionChanged',
    'topologyOpening',
    'topologyClosed',
    'topologyDescriptionChanged',
  ],
  heartbeat: ['serverHeartbeatStarted', 'serverHeartbeatSucceeded', 'serverHeartbeatFailed'],
};
for (const name of NAMES.connection) DETAILS[name] = connection;
for (const name of NAMES.servers) DETAILS[name] = servers;

/** The engine's kind of each event that the official driver emits. @type {Map<string, string>} */
const SOURCES = new Map(
  Object.entries(NAMES).flatMap(([source, names]) => names.map((name) => [name, source])),
);

/**
 * An event in the shape and of the class of the official driver: listeners go by both.
 * @param {Given} given
 */
function monitoringEvent(given) {
  const { name } = given.event;
  const Event = given.codec.mongo[`${name[0].toUpperCase()}${name.slice(1)}Event`];
  return Object.assign(Object.create(Event.prototype), { name }, DETAILS[name](given));
}

module.exports = { SOURCES, monitoringEvent };
