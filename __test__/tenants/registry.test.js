'use strict';

const { EventEmitter } = require('node:events');
const { setImmediate: turn } = require('node:timers/promises');
const v8 = require('node:v8');
const vm = require('node:vm');
const { openTenants } = require('../support/tenants');
const { createWrapper } = require('../..');
const { Registry } = require('../../lib/tenants/registry');

const connection = () => new EventEmitter();

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

/** Collects what nobody holds, and lets the clean-up run. */
async function collect() {
  for (let i = 0; i < 5; i++) {
    await turn();
    gc();
  }
}

test('holds no more than the limit, the least recently used go first', () => {
  const registry = new Registry(3);
  const all = Object.fromEntries(['a', 'b', 'c'].map((each) => [each, connection()]));
  for (const [key, value] of Object.entries(all)) registry.add(key, value);
  registry.evict();
  registry.add('d', connection());
  registry.get('a');
  expect(registry.held.size).toBe(3);
});

test('what was let go is found again as long as somebody holds it', () => {
  const registry = new Registry(1);
  const first = connection();
  registry.add('first', first);
  for (let i = 0; i < 10; i++) registry.add(`other${i}`, connection());
  expect(registry.held.has('first')).toBe(false);
  expect(registry.get('first')).toBe(first);
  expect(registry.held.has('first')).toBe(true);
});

test('what has listeners is not let go', () => {
  const registry = new Registry(2);
  const heard = connection().on('close', () => {});
  registry.add('heard', heard);
  for (let i = 0; i < 50; i++) registry.add(`other${i}`, connection());
  expect(registry.held.get('heard')).toBe(heard);
  expect(registry.held.size).toBe(2);
});

test('a burst of names that are all in use stays near the limit', () => {
  const registry = new Registry(100);
  for (let i = 0; i < 10_000; i++) {
    registry.add(`n${i}`, connection());
    registry.get(`n${Math.max(0, i - 50)}`);
  }
  expect(registry.held.size).toBe(100);
});

test('names that objects have anyway are ordinary names', () => {
  const registry = new Registry(10);
  for (const each of ['__proto__', 'constructor']) {
    expect(registry.get(each)).toBeUndefined();
    registry.add(each, connection());
    expect(registry.get(each)).toBeInstanceOf(EventEmitter);
  }
});

test('every live connection is listed', () => {
  const registry = new Registry(1);
  const kept = [connection(), connection(), connection()];
  for (const [index, each] of kept.entries()) registry.add(`n${index}`, each);
  expect([...registry.values()]).toHaveLength(3);
  registry.delete('n0');
  expect([...registry.values()]).toHaveLength(2);
});

describe('in a wrapper', () => {
  const { base, wrapper, close, name } = openTenants('registry', { maxCachedDatabases: 5 });
  const Wrapped = wrapper.wrapModel(base.model('User', new base.Schema({ name: String })));

  afterAll(close);

  test('a tenant model stays the same while anybody holds it, its documents or its queries', () => {
    const model = Wrapped.db(name('model'));
    const doc = new (Wrapped.db(name('doc')))({ name: 'x' });
    const query = Wrapped.db(name('query')).find();
    for (let i = 0; i < 100; i++) Wrapped.db(name(`many${i}`));
    expect(Wrapped.db(name('model'))).toBe(model);
    expect(Wrapped.db(name('doc'))).toBe(doc.constructor);
    expect(Wrapped.db(name('query'))).toBe(query.model);
  });

  test('what nobody holds is given back', async () => {
    const references = [];
    for (let i = 0; i < 500; i++) {
      const model = Wrapped.db(name(`gone${i}`));
      new model({ name: 'x' });
      model.find();
      references.push(new WeakRef(model));
    }
    await collect();
    expect(references.filter((each) => each.deref() !== undefined).length).toBeLessThanOrEqual(5);
  });

  test('a tenant and a model take about 2 KiB', async () => {
    const roomy = createWrapper({
      mongoURI: 'mongodb://127.0.0.1:1',
      handleSignals: false,
    });
    const Roomy = roomy.wrapModel(base.models.User);
    for (let i = 0; i < 500; i++) Roomy.db(`warm${i}`);
    await collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 4000; i++) Roomy.db(`tenant${i}`);
    await collect();
    expect((process.memoryUsage().heapUsed - before) / 4000).toBeLessThan(2.5 * 1024);
    expect(Roomy.db('tenant0').db.name).toBe('tenant0');
    await roomy.forceCloseAll();
  });

  test('release after a drop keeps what is held', async () => {
    const model = Wrapped.db(name('drop'));
    await model.create({ name: 'x' });
    await wrapper.dropDatabase(name('drop'));
    expect(Wrapped.db(name('drop'))).toBe(model);
    expect(await model.countDocuments()).toBe(0);
  });
});
