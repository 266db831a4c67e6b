'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { inspect } = require('node:util');
const { createClient } = require('../../lib/driver/client');
const { codecOf } = require('../../lib/protocol/codec');
const { mongo, openBoth } = require('../support/both-drivers');

const mongoosePath = require.resolve(process.env.POLYMONGO_MONGOOSE === '8' ? 'mongoose8' : 'mongoose');
const driver = path.dirname(require.resolve('mongodb/package.json', { paths: [path.dirname(mongoosePath)] }));

/** Members that are public by their declaration and that nobody outside the official driver can use. */
const NOT_OFFERED = new Map([
  ['streamOptions', 'what an official stream of a change stream was made with'],
  ['addToOperationsList', "takes the official driver's own batches"],
  ['handleWriteError', "takes the official driver's own results"],
]);

/** Getters whose values say what is different. */
const OTHERWISE = new Map([
  ['options', 'the options as they were given, not as the official driver completes them'],
  ['clientOptions', 'the same'],
  ['pipeline', 'an official stream and its cursor complete it'],
  ['operationId', 'numbers of the official driver'],
]);

/** The public members of the official classes, as its typings declare them. */
const declared = readDeclarations(fs.readFileSync(path.join(driver, 'mongodb.d.ts'), 'utf8'));

function readDeclarations(text) {
  const classes = new Map();
  const declaration =
    /^export declare (?:abstract )?class (\w+)(?:<.*?>)?(?: extends (\w+))?[^\n]*\{\n([\s\S]*?)^\}/gm;
  const member = /^ {4}(?:readonly |abstract |get |set )*(\[Symbol\.\w+\]|[\w$]+)(?:[?(<:])/gm;
  for (const [, name, parent, body] of text.matchAll(declaration)) {
    const names = [...body.matchAll(member)]
      .map(([, found]) => found)
      .filter((found) => found !== 'constructor');
    classes.set(name, { parent, names });
  }
  return classes;
}

function publicMembers(name) {
  const { parent, names } = declared.get(name);
  const inherited = declared.has(parent) ? publicMembers(parent) : [];
  const own = names.map((member) => {
    const symbol = member.match(/^\[Symbol\.(\w+)\]$/);
    return symbol === null ? member : Symbol[symbol[1]];
  });
  return [...new Set([...own, ...inherited])];
}

let both;
beforeAll(async () => {
  both = await openBoth('members');
  await both.official.client.connect();
});
afterAll(() => both.close());

const EMITTER = ['on', 'once', 'off', 'emit', 'addListener', 'removeListener', 'listenerCount', 'eventNames'];

describe.each([
  ['MongoClient', ({ client }) => client, EMITTER],
  ['Db', ({ db }) => db],
  ['Admin', ({ db }) => db.admin()],
  ['Collection', ({ collection }) => collection],
  ['FindCursor', ({ collection }) => collection.find(), EMITTER],
  ['AggregationCursor', ({ collection }) => collection.aggregate(), EMITTER],
  ['ListCollectionsCursor', ({ db }) => db.listCollections(), EMITTER],
  ['ListIndexesCursor', ({ collection }) => collection.listIndexes(), EMITTER],
  ['ListSearchIndexesCursor', ({ collection }) => collection.listSearchIndexes(), EMITTER],
  ['RunCommandCursor', ({ db }) => db.runCursorCommand({ ping: 1 }), EMITTER],
  ['ChangeStream', ({ collection }) => collection.watch(), EMITTER],
  ['ClientSession', ({ client }) => client.startSession(), EMITTER],
  ['OrderedBulkOperation', ({ collection }) => collection.initializeOrderedBulkOp()],
  ['UnorderedBulkOperation', ({ collection }) => collection.initializeUnorderedBulkOp()],
  ['FindOperators', ({ collection }) => collection.initializeOrderedBulkOp().find({ a: 1 })],
  ['ServerSession', ({ client }) => client.startSession().serverSession],
])('%s', (name, make, emitted = []) => {
  const members = [...publicMembers(name), ...emitted];
  const open = [];
  const pair = () => {
    const objects = [both.ours, both.official].map(make);
    open.push(...objects);
    return objects;
  };
  afterAll(async () => {
    for (const object of open) await object.endSession?.();
  });

  test('has every public member of the official class', () => {
    expect(members.length).toBeGreaterThan(3);
    const [ours] = pair();
    if (name !== 'ServerSession') expect(ours.constructor.name).toBe(name);
    expect(members.filter((member) => !(member in ours) && !NOT_OFFERED.has(member))).toEqual([]);
  });

  test('its members are of the same kind, and where they are plain of the same value', () => {
    const [ours, official] = pair();
    for (const member of members) {
      if (NOT_OFFERED.has(member) || OTHERWISE.has(member)) continue;
      const [mine, theirs] = [ours[member], official[member]];
      expect([member, typeof mine, mine === null]).toEqual([member, typeof theirs, theirs === null]);
      if (['boolean', 'undefined', 'number'].includes(typeof theirs) && member !== 'lastUse')
        expect([member, mine]).toEqual([member, theirs]);
    }
  });
});

test('a bucket of the official class works on our database', async () => {
  await both.same(async ({ db }) => {
    const bucket = new mongo.GridFSBucket(db, { bucketName: 'members' });
    const upload = bucket.openUploadStream('file', { metadata: { a: 1 } });
    upload.end(Buffer.alloc(300_000, 7));
    await new Promise((resolve, reject) => upload.on('finish', resolve).on('error', reject));
    const [{ filename, length, metadata }] = await bucket.find({}).toArray();
    const chunks = [];
    for await (const chunk of bucket.openDownloadStreamByName('file')) chunks.push(chunk);
    await bucket.rename(upload.id, 'other');
    const renamed = (await bucket.find({ filename: 'other' }).toArray()).length;
    await bucket.delete(upload.id);
    await bucket.drop();
    return [filename, length, metadata, Buffer.concat(chunks).length, renamed];
  });
});

describe('what cannot be offered', () => {
  test('says so in a readable error: collections for encrypted fields', async () => {
    const created = both.ours.db.createCollection('secret', { encryptedFields: { fields: [] } });
    await expect(created).rejects.toBeInstanceOf(mongo.MongoCompatibilityError);
    await expect(created).rejects.toThrow('client-side field level encryption is not supported');
    expect(await both.ours.db.listCollections({ name: 'secret' }).toArray()).toEqual([]);
  });
});

test('credentials do not show', async () => {
  const secret = createClient(both.engine, codecOf(mongo), {
    auth: { username: 'me', password: 'hunter2' },
    tlsCertificateKeyFilePassword: 'hunter2',
  });
  const shown = inspect(secret.db().collection('x'), { depth: 20 }) + JSON.stringify(secret.options);
  expect(shown).not.toContain('hunter2');
});
