const mongoose = require('../support/mongoose');
const { verify } = require('./support/verify');

const { MongoClient, Timestamp } = mongoose.mongo;
const databases = ['wverify_a', 'wverify_b'];
let official;

beforeAll(async () => {
  official = await new MongoClient(process.env.POLYMONGO_TEST_URI).connect();
  const [a, b] = databases.map((name) => official.db(name));
  await a.collection('items').insertMany([{ _id: 'kept' }, { _id: 'unheard' }]);
  await a.collection('pairs').insertMany([{ _id: 'whole' }, { _id: 'half' }]);
  await b.collection('pairs').insertOne({ _id: 'whole' });
  await a.collection('counters').insertMany([
    { _id: 'right', n: 3 },
    { _id: 'in doubt', n: 4 },
    { _id: 'too much', n: 5 },
    { _id: 'too little', n: 2 },
  ]);
});
afterAll(async () => {
  for (const name of databases) await official.db(name).dropDatabase();
  await official.close();
});

test('what was lost, done twice, torn or not told of is found', async () => {
  const at = (t) => new Timestamp({ t, i: 0 });
  const counted = (acknowledged, failed = 0) => ({ acknowledged, failed });
  const found = await verify(official, {
    databases,
    inserted: new Map([
      ['wverify_a', new Set(['kept', 'lost'])],
      ['wverify_b', new Set()],
    ]),
    paired: new Set(['whole']),
    increments: new Map([
      ['right', counted(3)],
      ['in doubt', counted(3, 1)],
      ['too much', counted(3, 1)],
      ['too little', counted(3)],
    ]),
    timeline: { errors: [{ error: Object.assign(new Error('E11000'), { code: 11000 }) }] },
    events: [
      { id: 'kept', time: at(2) },
      { id: 'kept', time: at(1) },
    ],
    streamErrors: [new Error('gone')],
  });
  expect(found.missing).toEqual(['lost', '1 increments of too little']);
  expect(found.duplicates).toEqual([{ error: expect.any(Error) }, '1 increments of too much']);
  expect(found.torn).toEqual(['half']);
  expect(found.stream).toEqual([
    'no event for unheard',
    '1 events came twice',
    '1 events out of order',
    'the stream failed: gone',
  ]);
});
