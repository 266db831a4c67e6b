'use strict';

const { isNativeError } = require('node:util').types;
const mongoose = require('./mongoose');
const { createClient } = require('../../lib/driver/client');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');

const { mongo } = mongoose;
const uri = process.env.POLYMONGO_TEST_URI;

/** What the wire adds, in both drivers, to the command that was meant. */
const WIRE_FIELDS = [
  'lsid',
  '$db',
  '$clusterTime',
  'txnNumber',
  'autocommit',
  'startTransaction',
  '$readPreference',
];

/** What is sent on the side: when a cursor ends on the server is nobody's business. */
const ASIDE = ['killCursors', 'endSessions', 'ping'];

let marks = 0;

/**
 * The official driver and ours side by side, each on a database of its own: a test says what to do once, and both have
 * to answer alike.
 * @param {string} name of the databases' prefix
 * @param {object} [options] of both clients; commands are monitored unless they say otherwise
 */
async function openBoth(name, { monitorCommands = true, ...options } = {}) {
  const engine = new Engine(uri, { monitorCommands });
  const ours = createClient(engine, codecOf(mongo), { ...options, dbName: `drv_${name}_ours` });
  const official = new mongo.MongoClient(uri, { ...options, monitorCommands });
  const sides = [
    { name: 'ours', client: ours, db: ours.db(), commands: [] },
    { name: 'official', client: official, db: official.db(`drv_${name}_their`), commands: [] },
  ];
  for (const side of sides) {
    side.client.on('commandStarted', (event) => side.commands.push(event.command));
    side.collection = side.db.collection('things');
    await side.db.dropDatabase();
  }

  /** Runs the same on both; resolves with what ours and what the official one came to. */
  function outcomes(run) {
    return Promise.all(sides.map((side) => outcome(run, side)));
  }

  /** Runs the same on both, which has to come to the same; resolves with that. */
  async function same(run) {
    const [mine, theirs] = await outcomes(run);
    expect(mine).toEqual(theirs);
    return mine;
  }

  /**
   * The commands that both sent for the same calls.
   * @param {(side: any) => any} run
   * @param {{preferences?: boolean}} [options] whether to compare the read preferences that servers are told as well
   */
  async function sameCommands(run, { preferences = false } = {}) {
    for (const side of sides) await settled(side);
    for (const side of sides) side.commands.length = 0;
    await same(run);
    for (const side of sides) await settled(side);
    const [mine, theirs] = sides.map(({ commands, ...side }) =>
      commands
        .filter((command) => !ASIDE.some((name) => name in command))
        .map((command) => sent(intended(command, preferences), side)),
    );
    expect(mine).toEqual(theirs);
    return mine;
  }

  async function close() {
    for (const side of sides) await side.db.dropDatabase();
    await ours.close(true);
    await official.close();
  }

  return { ours: sides[0], official: sides[1], engine, outcomes, same, sameCommands, close };
}

/** Events travel apart from replies, but in order. */
async function settled({ db, commands }) {
  const mark = `mark ${marks++}`;
  await db.command({ ping: 1, comment: mark });
  for (let i = 0; i < 200 && !commands.some(({ comment }) => comment === mark); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function outcome(run, side) {
  try {
    return { value: shown(await run(side), side) };
  } catch (error) {
    if (error instanceof Error && error.matcherResult !== undefined) throw error;
    return { error: shown(error, side) };
  }
}

function intended(command, preferences) {
  const kept = preferences ? '$readPreference' : '';
  return Object.fromEntries(
    Object.entries(command)
      .filter(([key]) => key === kept || !WIRE_FIELDS.includes(key))
      .map(([key, value]) => [key, key === kept ? preference(value) : value]),
  );
}

/** The Rust driver has another word for tags on the wire; replica sets do not read it, the driver selects by them. */
function preference({ tagSets, ...rest }) {
  return tagSets === undefined ? rest : { ...rest, tags: tagSets };
}

/** A command as the server sees it: classes do not travel, and cursors have numbers of their own. */
function sent(command, side) {
  return JSON.parse(JSON.stringify(shown(command, side)), (key, value) => {
    if (key === 'class') return undefined;
    if (Array.isArray(value?.map)) return Object.fromEntries(value.map);
    return key === 'getMore' || key === 'cursors' ? 'a cursor' : value;
  });
}

/** A value in a form that can be compared: no generated ids, no times, no database names. */
function shown(value, side) {
  if (typeof value === 'string') return value.replaceAll(side.db.databaseName, 'DB');
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return value;
  if (isNativeError(value)) return shownError(value, side);
  if (Array.isArray(value)) return value.map((item) => shown(item, side));
  if (value instanceof Map) return { map: [...value].map((entry) => shown(entry, side)) };
  // Invalid dates are not even equal to themselves.
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value;
  if (value instanceof Uint8Array) return value;
  if (value._bsontype === 'ObjectId' || '$oid' in value) return 'an ObjectId';
  if (value._bsontype !== undefined) return { [value._bsontype]: value.toString() };
  return shownObject(value, side);
}

function shownObject(value, side) {
  const shownEntries = Object.entries(value)
    .filter(([key]) => !['$clusterTime', 'operationTime', 'electionId', 'opTime'].includes(key))
    .map(([key, item]) => [key, shown(item, side)]);
  return { class: value.constructor?.name ?? 'Object', ...Object.fromEntries(shownEntries) };
}

function shownError(error, side) {
  const {
    name,
    message,
    code,
    codeName,
    keyPattern,
    keyValue,
    index,
    errInfo,
    errorLabels,
    writeErrors,
    result,
  } = error;
  return {
    ...shown({ name, message, code, codeName, keyPattern, keyValue, index, errInfo, errorLabels }, side),
    family: Object.keys(mongo).filter((key) => /^Mongo.*Error$/.test(key) && error instanceof mongo[key]),
    writeErrors: writeErrors === undefined ? undefined : shown([...writeErrors], side),
    result: name === 'MongoBulkWriteError' ? shown(result, side) : undefined,
  };
}

module.exports = { mongo, openBoth, uri };
