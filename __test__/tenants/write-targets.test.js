'use strict';

const { commandName, removals, writeTargets } = require('../../lib/tenants/write-targets');

const targets = (body) => writeTargets(commandName(body), 'db', body);
const removed = (body) => removals(commandName(body), 'db', body);

test.each([
  [{ insert: 'a', documents: [] }, [['db', 'a']]],
  [{ update: 'a', updates: [] }, [['db', 'a']]],
  [{ delete: 'a', deletes: [] }, [['db', 'a']]],
  [{ findAndModify: 'a' }, [['db', 'a']]],
  [{ find: 'a', filter: { insert: 'b' } }, []],
  [{ ping: 1 }, []],
  [{ create: 'a' }, []],
  [{ aggregate: 'a', pipeline: [{ $match: {} }] }, []],
  [{ aggregate: 'a', pipeline: [] }, []],
  [{ aggregate: 1, pipeline: [{ $out: 'b' }] }, [['db', 'b']]],
  [{ aggregate: 'a', pipeline: [{ $out: { db: 'other', coll: 'b' } }] }, [['other', 'b']]],
  [{ aggregate: 'a', pipeline: [{ $merge: 'b' }] }, [['db', 'b']]],
  [{ aggregate: 'a', pipeline: [{ $merge: { into: 'b' } }] }, [['db', 'b']]],
  [{ aggregate: 'a', pipeline: [{ $merge: { into: { db: 'other', coll: 'b' } } }] }, [['other', 'b']]],
  [
    { bulkWrite: 1, ops: [], nsInfo: [{ ns: 'one.a' }, { ns: 'two.b.c' }] },
    [
      ['one', 'a'],
      ['two', 'b.c'],
    ],
  ],
])('%j writes to %j', (body, expected) => {
  expect(targets(body)).toEqual(expected);
});

test.each([
  [{ dropDatabase: 1 }, [{ db: 'db' }]],
  [{ drop: 'a' }, [{ db: 'db', collection: 'a' }]],
  [{ dropIndexes: 'a', index: '*' }, [{ db: 'db', collection: 'a' }]],
  [
    { renameCollection: 'other.a', to: 'other.b' },
    [
      { db: 'other', collection: 'a' },
      { db: 'other', collection: 'b' },
    ],
  ],
  [{ insert: 'drop' }, []],
  [{}, []],
])('%j removes %j', (body, expected) => {
  expect(removed(body)).toEqual(expected);
});
