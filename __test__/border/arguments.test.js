'use strict';

const native = require('../../lib/native');

const bytes = Buffer.from([5, 0, 0, 0, 0]);

/** Things that no argument takes. */
const STRANGE = [undefined, null, {}, [], Symbol('a'), () => {}, 1n, new Proxy({}, {}), new Date()];

/** What was delivered: the kinds of failures by operation, undefined for what did not fail. */
const failures = new Map();

let environment;
let client;
beforeAll(() => {
  environment = new native.NativeEnvironment(() => {
    // A page without room: every load comes in parts.
    const fetch = environment.fetcher(new Float64Array(0));
    for (let load = fetch(); load !== null; load = fetch()) note(load);
  }, 1000);
  client = new native.NativeClient(
    environment,
    1,
    'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=10',
    '{}',
  );
});

function note([values, texts]) {
  for (let head = 0, text = 0; head < values.length; head += 6 + values[head + 2]) {
    if (values[head] !== 0) failures.set(values[head], texts?.[text]);
    text += values[head + 3];
  }
}

/** The members of a class with arguments that they take. */
const MEMBERS = {
  nextBatch: [2, 3, 0, null],
  closeCursor: [2, 3],
  cancel: [2],
  startSession: [4, '{}'],
  startTransaction: [4, '{}'],
  commitTransaction: [2, 4, null],
  abortTransaction: [2, 4, null],
  endSession: [2, 4],
  sessionInfo: [4],
  sessionId: [4, null],
  listen: [0],
  advanceSession: [4, bytes],
  openStream: [2, 5, null, null, 0, bytes],
  nextChanges: [2, 5, 0],
  closeStream: [2, 5],
  connect: [2, null],
  configure: [2, '["a"]', null],
  closePool: [2, 'a'],
  close: [2, '{}'],
};

test('every member of a client is here', () => {
  const members = Object.getOwnPropertyNames(native.NativeClient.prototype);
  const known = [...Object.keys(MEMBERS), 'constructor', 'reopen', 'stats', 'submitter'];
  expect(members.sort()).toEqual(known.sort());
});

describe.each(Object.entries(MEMBERS))('%s', (name, taken) => {
  test('refuses arguments of a wrong type', () => {
    for (const [position, value] of taken.entries()) {
      for (const strange of STRANGE) {
        if (value === null && strange == null) continue;
        const given =
          taken.with?.(position, strange) ?? taken.map((item, i) => (i === position ? strange : item));
        expect(() => client[name](...given)).toThrow();
      }
    }
    expect(() => client[name]()).toThrow();
  });

  test('refuses to be called on something else', () => {
    for (const receiver of [...STRANGE, environment, Object.create(client)]) {
      expect(() => client[name].apply(receiver, taken)).toThrow();
    }
  });
});

test('what submits refuses arguments of a wrong type', () => {
  const submit = client.submitter();
  const taken = [2, 3, 'a', 0, 0, bytes, null];
  for (const [position, value] of taken.entries()) {
    for (const strange of STRANGE) {
      if (value === null && strange == null) continue;
      expect(() => submit(...taken.map((item, i) => (i === position ? strange : item)))).toThrow();
    }
  }
  expect(() => submit()).toThrow();
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['too little', bytes.subarray(0, 4)],
  ['too much', Buffer.concat([bytes, bytes])],
  ['a length below zero', Buffer.from([0xff, 0xff, 0xff, 0xff, 0])],
  ['no end', Buffer.from([5, 0, 0, 0, 1])],
  ['another kind of array', new Float64Array(8)],
])('what is not BSON is an error of the operation: %s', async (_name, body) => {
  failures.delete(9);
  client.submitter()(9, 0, 'a', 0, 0, body, null);
  while (!failures.has(9)) await new Promise(setImmediate);
  expect(failures.get(9)).toBe('invalidArgument');
});

test('a process that has done very much can go on: handles do not run out', async () => {
  const operation = 2 ** 40 + 1;
  client.closeCursor(operation, operation);
  while (!failures.has(operation)) await new Promise(setImmediate);
  client.startSession(operation, '{}');
  expect(client.sessionInfo(operation)).not.toBeNull();
  expect(client.sessionInfo(1)).toBeNull();
});

test('constructors refuse what they cannot use', () => {
  const { NativeClient, NativeEnvironment } = native;
  for (const strange of STRANGE) {
    if (typeof strange !== 'function') expect(() => new NativeEnvironment(strange, 1000)).toThrow();
    expect(() => new NativeClient(strange, 1, 'mongodb://a/', '{}')).toThrow();
    expect(() => new NativeClient(environment, strange, 'mongodb://a/', '{}')).toThrow();
    expect(() => new NativeClient(environment, 1, strange, '{}')).toThrow();
    expect(() => new NativeClient(environment, 1, 'mongodb://a/', strange)).toThrow();
  }
  expect(() => new NativeClient(environment, 1, 'mongodb://a/', '[')).toThrow();
  expect(() => environment.shape({})).toThrow();
  for (const strange of STRANGE) expect(() => environment.fetcher(strange)).toThrow();
  expect(environment.shape(4_000_000)).toBeNull();
});
