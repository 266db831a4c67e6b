const { once } = require('node:events');
const { Events } = require('../../lib/wrapper/events');

const logged = [];
const create = () => new Events({ error: (message, details) => logged.push([message, details]) });
beforeEach(() => logged.splice(0));

test('a listener gets the event under the name it asked for', () => {
  const events = create();
  const seen = [];
  events.add('connect', (event) => seen.push(event));
  events.add('onDbConnect', (event) => seen.push(event));
  events.emit('connect', { dbName: 'a' });
  expect(seen).toEqual([
    { name: 'connect', dbName: 'a' },
    { name: 'onDbConnect', dbName: 'a' },
  ]);
});

test('once, unsubscribing, removing', () => {
  const events = create();
  let calls = 0;
  const count = () => calls++;
  const unsubscribe = events.add('disconnect', count);
  events.add('disconnect', count, true);
  events.emit('disconnect', {});
  expect(calls).toBe(2);
  events.emit('disconnect', {});
  expect(calls).toBe(3);
  unsubscribe();
  events.add('disconnect', count);
  events.remove('disconnect', count);
  events.remove('disconnect', count);
  events.emit('disconnect', {});
  expect(calls).toBe(3);
  expect(events.has('disconnect')).toBe(false);
});

test('a listener that throws or rejects reaches nobody else', async () => {
  const events = create();
  let reached = false;
  events.add('error', () => {
    throw new Error('thrown');
  });
  events.add('error', async () => {
    throw new Error('rejected');
  });
  events.add('error', () => {
    reached = true;
  });
  events.emit('error', { error: new Error('x') });
  await new Promise(setImmediate);
  expect(reached).toBe(true);
  expect(logged.map(([, error]) => error.message)).toEqual(['thrown', 'rejected']);
});

test('an error event without listeners throws nothing', () => {
  create().emit('error', { error: new Error('x') });
});

test('unknown names and listeners that are none', () => {
  const events = create();
  expect(() => events.add('conect', () => {})).toThrow(
    expect.objectContaining({
      code: 'UNKNOWN_EVENT',
      message: expect.stringContaining('did you mean "connect"?'),
    }),
  );
  expect(() => events.add('constructor', () => {})).toThrow('Unknown event "constructor"');
  expect(() => events.add('connect', null)).toThrow('must be a function');
});

test('events.once works on what has these members', async () => {
  const events = create();
  const emitter = {
    on: (name, listener) => events.add(name, listener),
    once: (name, listener) => events.add(name, listener, true),
    removeListener: (name, listener) => events.remove(name, listener),
  };
  const waiting = once(emitter, 'connect');
  events.emit('connect', { dbName: 'a' });
  expect(await waiting).toEqual([{ name: 'connect', dbName: 'a' }]);
  expect(events.has('error')).toBe(false);
});
