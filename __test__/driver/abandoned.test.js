'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const v8 = require('node:v8');
const vm = require('node:vm');
const { openBoth } = require('../support/both-drivers');

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

let both;
beforeAll(async () => {
  both = await openBoth('abandoned');
  await both.ours.collection.insertMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
});
afterAll(() => both.close());

/** What the engine was asked to close. */
function closings(method) {
  const closed = [];
  const { engine } = both;
  const original = engine[method];
  engine[method] = (handle) => {
    closed.push(handle);
    return original.call(engine, handle);
  };
  return { closed, restore: () => delete engine[method] };
}

test.each([
  [
    'a cursor',
    'closeCursor',
    async ({ collection }) => void (await collection.find({}, { batchSize: 1 }).next()),
  ],
  [
    'a session',
    'endSession',
    async ({ client, collection }) => void (await collection.findOne({}, { session: client.startSession() })),
  ],
  [
    'a change stream',
    'closeStream',
    async ({ collection }) => void (await collection.watch([], { maxAwaitTimeMS: 50 }).hasNext()),
  ],
])('%s that nobody holds any more is closed', async (_name, method, open) => {
  const { closed, restore } = closings(method);
  const opening = open(both.ours);
  await sleep(300);
  await both.ours.collection.insertOne({});
  await opening;
  for (let i = 0; i < 50 && closed.length === 0; i++) {
    collectGarbage();
    await sleep(50);
  }
  restore();
  expect(closed).toHaveLength(1);
});
