'use strict';

/** @typedef {import('./option-values.js').OptionEntry} OptionEntry */

const READ_MODES = ['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'];
const LEVELS = ['local', 'available', 'majority', 'linearizable', 'snapshot'];
const COMPRESSORS = ['zstd', 'zlib', 'snappy', 'none'];
const MECHANISMS = ['DEFAULT', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'MONGODB-X509', 'PLAIN'];

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isWhole = (value) => Number.isSafeInteger(value) && value >= 0;

/** @param {any} value */
function checkReadPreference(value) {
  const mode = isObject(value) ? (value.mode ?? value.preference) : value;
  if (!READ_MODES.some((name) => name.toLowerCase() === String(mode).toLowerCase())) {
    return `must be one of ${READ_MODES.join(', ')}, or an object {mode, tags, maxStalenessSeconds, hedge}`;
  }
  if (isObject(value) && value.tags != null && !Array.isArray(value.tags) && !isObject(value.tags)) {
    return 'must have an array of tag sets as its tags';
  }
  return null;
}

/** @param {any} value */
function checkReadConcern(value) {
  const level = isObject(value) ? value.level : value;
  return LEVELS.includes(level) ? null : `must be one of ${LEVELS.join(', ')}, or {level} with one of them`;
}

/** @param {any} value */
function checkAcknowledgement(value) {
  const good = isWhole(value) || (typeof value === 'string' && value !== '');
  return good ? null : 'must be "majority", a number of servers or the name of a tagged write concern';
}

/** @param {any} value */
function checkWriteConcern(value) {
  if (!isObject(value)) return checkAcknowledgement(value) && 'must be an object {w, j, wtimeoutMS}';
  const { w, j, journal, wtimeout, wtimeoutMS, ...others } = value;
  if (Object.keys(others).some((key) => others[key] !== undefined && key !== 'fsync'))
    return 'may hold w, j and wtimeoutMS only';
  if (w !== undefined && checkAcknowledgement(w))
    return `must have a w that ${checkAcknowledgement(w)?.slice(5)}`;
  if ([j, journal].some((flag) => flag !== undefined && typeof flag !== 'boolean'))
    return 'must have a boolean as its j';
  if ([wtimeout, wtimeoutMS].some((time) => time !== undefined && !isWhole(time)))
    return 'must have a non-negative number as its wtimeoutMS';
  return null;
}

/** @param {any} value */
function checkCompressors(value) {
  const names = typeof value === 'string' ? value.split(',') : value;
  const good = Array.isArray(names) && names.length > 0 && names.every((name) => COMPRESSORS.includes(name));
  return good ? null : `must name compressors out of ${COMPRESSORS.join(', ')}`;
}

/** @param {any} value */
function checkAuth(value) {
  const { username, password } = isObject(value) ? value : {};
  return typeof username === 'string' &&
    username !== '' &&
    (password === undefined || typeof password === 'string')
    ? null
    : 'must be an object {username, password} of strings';
}

/** @param {any} value */
function checkServerApi(value) {
  const version = isObject(value) ? value.version : value;
  if (version !== '1') return 'must be "1" or an object {version: "1", strict, deprecationErrors}';
  const flags = isObject(value) ? [value.strict, value.deprecationErrors] : [];
  return flags.every((flag) => flag === undefined || typeof flag === 'boolean')
    ? null
    : 'must have booleans as its strict and deprecationErrors';
}

/** @param {any} value */
function checkProperties(value) {
  return isObject(value) ? null : 'must be an object of names and values';
}

/** @param {any} value */
function checkTagSets(value) {
  return Array.isArray(value) && value.every(isObject) ? null : 'must be an array of tag sets';
}

/** @param {any} value */
function checkStaleness(value) {
  return value === -1 || (isWhole(value) && value >= 90) ? null : 'must be -1 or a number of at least 90';
}

/** @param {any} value */
function checkHeartbeat(value) {
  return isWhole(value) && value >= 500 ? null : 'must be a number of at least 500';
}

/** @param {any} value */
function checkCompressionLevel(value) {
  return Number.isInteger(value) && value >= -1 && value <= 9 ? null : 'must be a number from -1 to 9';
}

/** @param {string} name @param {string} type @param {Partial<OptionEntry>} [more] @returns {OptionEntry} */
const config = (name, type, more) => ({ name, kind: 'driver', type, goes: 'config', uri: true, ...more });
/** What says which deployment this is and how to enter it; it stays in the URI, which the engine's driver checks as a whole. */
const identity = (name, type, more) => ({ name, kind: 'driver', type, goes: 'identity', uri: true, ...more });
const concern = (name, type, more) => ({ name, kind: 'driver', type, goes: 'concern', uri: true, ...more });
const bson = (name) => ({ name, kind: 'driver', type: 'boolean', goes: 'bson' });
const leftover = (name) => ({ name, kind: 'leftover', uri: true });
const refused = (name, reason) => ({ name, kind: 'refused', reason, uri: true });

const NOT_HERE = 'the engine has its own sockets, so nothing of Node\'s "tls" or "net" applies';
const FILES = 'certificates are read from files: pass tlsCAFile and tlsCertificateKeyFile';
const PROXY = 'the engine cannot connect through a proxy';

/** Every option of a connection, by the name it has in a connection string and in the official driver. @type {OptionEntry[]} */
const CONNECTION_OPTIONS = [
  config('appName', 'string'),
  config('maxPoolSize', 'count'),
  config('minPoolSize', 'amount'),
  config('maxIdleTimeMS', 'duration'),
  config('maxConnecting', 'count'),
  config('waitQueueTimeoutMS', 'duration'),
  config('timeoutMS', 'duration'),
  config('socketTimeoutMS', 'duration'),
  config('serverSelectionTimeoutMS', 'duration'),
  config('connectTimeoutMS', 'duration'),
  config('heartbeatFrequencyMS', 'custom', { check: checkHeartbeat }),
  config('localThresholdMS', 'duration'),
  config('retryReads', 'boolean'),
  config('retryWrites', 'boolean'),
  config('compressors', 'custom', { check: checkCompressors }),
  config('zlibCompressionLevel', 'custom', { check: checkCompressionLevel }),
  config('serverMonitoringMode', 'enum', { values: ['auto', 'poll', 'stream'] }),
  config('monitorCommands', 'boolean', { uri: false }),
  config('serverApi', 'custom', { check: checkServerApi, uri: false }),
  config('driverInfo', 'object', { uri: false }),

  identity('replicaSet', 'string'),
  identity('directConnection', 'boolean'),
  identity('loadBalanced', 'boolean'),
  identity('srvMaxHosts', 'amount'),
  identity('srvServiceName', 'string'),
  identity('tls', 'boolean'),
  identity('ssl', 'boolean', { alias: 'tls' }),
  identity('tlsCAFile', 'string'),
  identity('tlsCertificateKeyFile', 'string'),
  identity('tlsAllowInvalidCertificates', 'boolean'),
  identity('tlsInsecure', 'boolean'),
  identity('authSource', 'string'),
  identity('authMechanism', 'enum', { values: MECHANISMS }),
  identity('authMechanismProperties', 'custom', { check: checkProperties, secret: true }),
  identity('auth', 'custom', { check: checkAuth, secret: true, uri: false }),
  identity('user', 'string', { uri: false }),
  identity('pass', 'string', { secret: true, uri: false }),

  concern('readPreference', 'custom', { check: checkReadPreference }),
  concern('readPreferenceTags', 'custom', { check: checkTagSets }),
  concern('maxStalenessSeconds', 'custom', { check: checkStaleness }),
  concern('readConcern', 'custom', { check: checkReadConcern, uri: false }),
  concern('readConcernLevel', 'enum', { values: LEVELS }),
  concern('writeConcern', 'custom', { check: checkWriteConcern, uri: false }),
  concern('w', 'custom', { check: checkAcknowledgement }),
  concern('journal', 'boolean'),
  concern('j', 'boolean', { alias: 'journal' }),
  concern('wtimeoutMS', 'duration'),
  concern('wtimeout', 'duration', { alias: 'wtimeoutMS' }),

  ...[
    'promoteValues',
    'promoteLongs',
    'promoteBuffers',
    'useBigInt64',
    'bsonRegExp',
    'ignoreUndefined',
    'serializeFunctions',
    'enableUtf8Validation',
    'forceServerObjectId',
  ].map(bson),

  ...[
    'useNewUrlParser',
    'useUnifiedTopology',
    'useCreateIndex',
    'useFindAndModify',
    'poolSize',
    'keepAlive',
    'checkKeys',
    'keepAliveInitialDelay',
    'family',
    'autoSelectFamily',
    'autoSelectFamilyAttemptTimeout',
    'noDelay',
    'bufferCommands',
    'bufferTimeoutMS',
    'bufferMaxEntries',
    'autoReconnect',
    'reconnectTries',
    'reconnectInterval',
    'connectWithNoPrimary',
    'autoSearchIndex',
    'fsync',
    'minHeartbeatFrequencyMS',
    'minInternalBufferSize',
    'maxAdaptiveRetries',
    'adaptiveRetries',
    'enableOverloadRetargeting',
    'uuidRepresentation',
    'gssapiServiceName',
    'mongodbLogPath',
    'mongodbLogComponentSeverities',
    'mongodbLogMaxDocumentLength',
    'connectionType',
    'runtimeAdapters',
    'srvPoller',
  ].map(leftover),

  refused(
    'tlsAllowInvalidHostnames',
    'the engine always checks host names; tlsAllowInvalidCertificates is the only switch',
  ),
  refused('checkServerIdentity', `${NOT_HERE}; server names are always checked`),
  refused('secureContext', FILES),
  refused('ca', FILES),
  refused('cert', FILES),
  refused('key', FILES),
  refused('pfx', FILES),
  refused('passphrase', FILES),
  refused(
    'tlsCertificateKeyFilePassword',
    'key files are read unencrypted: decrypt the file and protect it by its mode',
  ),
  refused('crl', 'revocation lists are not supported'),
  refused('tlsCRLFile', 'revocation lists are not supported'),
  refused('requestOCSP', 'OCSP is not supported'),
  refused('rejectUnauthorized', 'say tlsAllowInvalidCertificates, and only for tests'),
  ...[
    'servername',
    'ciphers',
    'ecdhCurve',
    'minDHSize',
    'pskCallback',
    'secureProtocol',
    'ALPNProtocols',
    'SNICallback',
    'allowPartialTrustChain',
    'requestCert',
    'enableTrace',
    'session',
    'lookup',
    'hints',
    'localAddress',
    'localPort',
  ].map((name) => refused(name, NOT_HERE)),
  refused('autoEncryption', 'client-side field level encryption is not supported'),
  ...['proxyHost', 'proxyPort', 'proxyUsername', 'proxyPassword'].map((name) => refused(name, PROXY)),
  refused('pkFactory', 'Mongoose makes the _id of its documents'),
  refused('raw', 'replies are always decoded; set it on the operation instead'),
  refused('fieldsAsRaw', 'replies are always decoded; set it on the operation instead'),
];

const BY_NAME = new Map(CONNECTION_OPTIONS.map((entry) => [entry.name, entry]));
const BY_LOWER_CASE = new Map(CONNECTION_OPTIONS.map((entry) => [entry.name.toLowerCase(), entry]));

module.exports = { BY_LOWER_CASE, BY_NAME, CONNECTION_OPTIONS, READ_MODES };
