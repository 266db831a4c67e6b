'use strict';

const bsonOptions = require('../protocol/bson-options');
const { readConcernOf } = require('../protocol/concerns');
const { explainCommand } = require('../protocol/explain');
const readPreferences = require('../protocol/read-preference');
const { numbers, objects, rules } = require('../protocol/rules');
const { JSON_RESULT, JsonResult } = require('./json-result');
const { COUNTS } = require('./op-settings');
const { admitToSession } = require('./session');
const { ownOptions, readPreferenceIn, writeConcernIn } = require('./settings');
const { startingStreams } = require('./stream-starts');

/** @typedef {import('./settings').Settings} Settings */

const COMMON = rules(numbers('maxTimeMS'), objects('collation'), {
  session(_body, value, op) {
    op.clientSession = value;
    op.ownSession = true;
  },
  signal(_body, value, op) {
    op.signal = value ?? null;
  },
  checkKeys(_body, value, op) {
    op.checkKeys = value === true;
  },
  timeoutMS(_body, value, op) {
    if (value === null) return;
    op.timeoutMS = value;
    op.ownTimeoutMS = true;
  },
});

for (const name of bsonOptions.BSON_OPTION_NAMES) {
  COMMON[name] = (_body, _value, op) => {
    op.ownBson = true;
  };
}

const READ_PREFERENCE = rules(COMMON, {
  readPreference(_body, _value, op) {
    op.ownReadPreference = true;
  },
});

/** What every read takes. */
const READ = rules(READ_PREFERENCE, {
  readConcern(_body, value, op) {
    op.readConcern = readConcernOf(value) ?? op.readConcern;
  },
});

/** What reads of documents take: to write them as JSON in their place. */
const AS_JSON = rules({
  [JSON_RESULT](_body, value, op) {
    if (value instanceof JsonResult && value.begin()) op.json = value;
  },
});

/** What every write takes. */
const WRITE = rules(COMMON);
for (const name of ['writeConcern', 'w', 'j', 'wtimeout', 'wtimeoutMS', 'journal']) {
  WRITE[name] = (_body, _value, op) => {
    op.ownWriteConcern = true;
  };
}

/** What cursors take beside. */
const CURSOR = rules({
  maxAwaitTimeMS(_body, value, op) {
    if (typeof value === 'number') op.maxAwaitTimeMS = value;
  },
  timeoutMode(_body, value, op) {
    op.timeoutMode = value;
  },
});

const EXPLAIN = rules({
  explain(_body, value, op) {
    op.explain = value;
  },
});

const NO_EXPLAIN = rules({
  explain(_body, value, op) {
    if (value === null) return;
    throw new op.codec.mongo.MongoInvalidArgumentError('Option "explain" is not supported on this command');
  },
});

/** Commands that belong into the transaction of their context. */
const TRANSACTIONAL = new Set([
  'find',
  'aggregate',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'distinct',
  'bulkWrite',
]);

/**
 * One call of the driver on its way to the engine: at the same time the engine's own description of an operation (`codec`
 * to `maxAwaitTimeMS`) and the place where the caller's options are gathered.
 */
class Operation {
  /** @param {Settings} settings */
  constructor(settings) {
    this.codec = settings.codec;
    this.read = false;
    this.write = false;
    this.session = 0;
    /** @type {any} */
    this.bson = settings.bson;
    /** @type {any} */
    this.readPreference = null;
    /** @type {number | null} */
    this.timeoutMS = settings.timeoutMS;
    /** @type {AbortSignal | null} */
    this.signal = null;
    /** @type {number | null} */
    this.maxAwaitTimeMS = null;
    /** @type {import('./engine').GetMoreOptions | null} */
    this.getMoreOptions = null;
    this.gather = false;
    /** @type {import('./json-result').JsonResult | null} */
    this.json = null;
    this.settings = settings;
    /** @type {any} */
    this.clientSession = null;
    /** @type {{level: string} | null} */
    this.readConcern = null;
    /** @type {Record<string, any> | null} */
    this.writeConcern = null;
    /** @type {any} */
    this.explain = null;
    this.forceServerObjectId = settings.forceServerObjectId;
    /** @type {string | null} */
    this.timeoutMode = null;
    this.wholeReply = false;
    /** What of the reply matters: see `op-settings.js`. */
    this.shown = 0;
    this.ownSession = false;
    this.ownTimeoutMS = false;
    this.ownBson = false;
    this.checkKeys = false;
    this.ownReadPreference = false;
    this.ownWriteConcern = false;
  }

  /** @param {Settings} settings */
  static reading(settings) {
    const op = new Operation(settings);
    op.read = true;
    op.readPreference = readPreferences.forEngine(settings.readPreference);
    op.readConcern = settings.readConcern;
    return op;
  }

  /**
   * @param {Settings} settings
   * @param {boolean} numbered whether it may be sent again under a transaction number
   */
  static writing(settings, numbered) {
    const op = new Operation(settings);
    op.write = numbered;
    op.writeConcern = settings.writeConcern;
    return op;
  }

  /**
   * A write of whose reply only the counts matter, and what went wrong.
   * @param {Settings} settings
   * @param {boolean} numbered
   */
  static counting(settings, numbered) {
    const op = Operation.writing(settings, numbered);
    op.shown = COUNTS;
    return op;
  }

  /** @returns {Operation} one more of the same kind, outside any session */
  copy() {
    const op = Object.assign(new Operation(this.settings), this);
    op.session = 0;
    op.clientSession = null;
    op.json = null;
    return op;
  }

  /** Whether the server is asked to confirm the write. */
  get acknowledged() {
    return this.writeConcern === null || this.writeConcern.w !== 0;
  }

  /**
   * Reads the caller's options: own properties that the table knows, nothing else.
   * @param {import('../protocol/rules').Rules} table
   * @param {any} options
   * @param {any} body the command in the making
   */
  take(table, options, body) {
    if (typeof options !== 'object' || options === null) return;
    for (const name in options) {
      const rule = table[name];
      if (rule === undefined || !Object.hasOwn(options, name)) continue;
      const value = options[name];
      if (value !== undefined) rule(body, value, this);
    }
    if (this.ownBson) this.takeBsonOptions(options, this.settings.bsonOptions);
    if (this.checkKeys) {
      this.bson = { ...(this.bson ?? bsonOptions.resolveBsonOptions(null)), checkKeys: true };
    }
    if (this.ownReadPreference) this.takeReadPreference(options);
    if (this.ownWriteConcern) this.writeConcern = writeConcernIn(ownOptions(options)) ?? this.writeConcern;
  }

  /**
   * @param {any} options
   * @param {Readonly<Record<string, unknown>>} [inherited]
   */
  takeBsonOptions(options, inherited) {
    this.bson = bsonOptions.forEngine(this.codec, bsonOptions.resolveBsonOptions(options, inherited));
  }

  /** @param {any} options */
  takeReadPreference(options) {
    const own = readPreferenceIn(this.codec, ownOptions(options));
    if (own !== null) this.readPreference = readPreferences.forEngine(own);
  }

  /**
   * Settles session and concerns: what the operation's moment decides, not its options alone.
   * @param {any} body
   */
  admit(body) {
    if (this.settings.context !== null) this.adopt(this.settings.context(), body);
    if (this.clientSession !== null && admitToSession(this.clientSession, this)) return;
    if (this.readConcern !== null) body.readConcern = this.readConcern;
    if (this.writeConcern !== null) this.admitWriteConcern(body);
  }

  /**
   * What the caller did not say, the context it runs in may; its session only for what a transaction can hold.
   * @param {{session?: any, timeoutMS?: number} | undefined} context
   * @param {any} body
   */
  adopt(context, body) {
    if (context === undefined) return;
    const [name] = Object.keys(body);
    if (!this.ownSession && TRANSACTIONAL.has(name)) this.clientSession = context.session ?? null;
    if (!this.ownTimeoutMS) this.timeoutMS = context.timeoutMS ?? this.timeoutMS;
  }

  /** @param {any} body */
  admitWriteConcern(body) {
    const { MongoAPIError } = this.codec.mongo;
    if (!this.acknowledged) {
      if (this.clientSession !== null) {
        throw new MongoAPIError('Cannot have explicit session with unacknowledged writes');
      }
      this.write = false;
    }
    body.writeConcern = this.writeConcern;
  }

  /**
   * @param {string} db
   * @param {any} body
   * @returns {Promise<any>} the server's reply
   */
  execute(db, body) {
    this.admit(body);
    return this.send(db, body);
  }

  /**
   * @param {string} db
   * @param {any} body
   * @returns {Promise<any>}
   */
  async send(db, body) {
    const command = this.explain === null ? body : this.explained(body);
    const { engine } = this.settings;
    const starting = this.read ? undefined : startingStreams(engine);
    if (starting !== undefined) await starting;
    const reply = await engine.command(db, command, this);
    if (reply.writeConcernError != null) throw new this.codec.mongo.MongoWriteConcernError(reply);
    return reply;
  }

  /** @param {any} body */
  explained(body) {
    if (this.timeoutMS !== null && (body.maxTimeMS != null || this.explain?.maxTimeMS != null)) {
      throw new this.codec.mongo.MongoAPIError('Cannot use maxTimeMS with timeoutMS for explain commands.');
    }
    this.write = false;
    this.shown = 0;
    return explainCommand(this.explain, body);
  }
}

exports.AS_JSON = AS_JSON;
exports.COMMON = COMMON;
exports.CURSOR = CURSOR;
exports.EXPLAIN = EXPLAIN;
exports.NO_EXPLAIN = NO_EXPLAIN;
exports.Operation = Operation;
exports.READ = READ;
exports.READ_PREFERENCE = READ_PREFERENCE;
exports.WRITE = WRITE;
