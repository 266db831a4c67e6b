const { model, wrappers } = require('./support/wrappers');

const { create } = wrappers('wtx');
let wrapper;
let One;
let Two;

beforeAll(async () => {
  wrapper = create({ sharePool: false });
  const Item = wrapper.wrapModel(model());
  One = Item.db('wtx_one');
  Two = Item.db('wtx_two');
  await Promise.all([One.create({ name: 'seed' }), Two.create({ name: 'seed' })]);
});
beforeEach(() => Promise.all([One.deleteMany({}), Two.deleteMany({})]));
const counts = async () => [await One.countDocuments(), await Two.countDocuments()];

test('commits across databases and answers what the function answers', async () => {
  const value = await wrapper.transaction(async (session) => {
    await One.create([{ name: 'a' }], { session });
    await new Two({ name: 'b' }).save({ session });
    expect(await counts()).toEqual([0, 0]);
    return { session };
  });
  expect(value.session.hasEnded).toBe(true);
  expect(await counts()).toEqual([1, 1]);
});

test('a throw aborts and arrives as it is', async () => {
  class Mine extends Error {}
  const mine = Object.assign(new Mine('no'), { code: 42 });
  const thrown = await wrapper
    .transaction(async (session) => {
      await One.create([{ name: 'a' }], { session });
      throw mine;
    })
    .catch((error) => error);
  expect(thrown).toBe(mine);
  await expect(wrapper.transaction(() => Promise.reject('a string'))).rejects.toBe('a string');
  expect(await counts()).toEqual([0, 0]);
});

test('the function runs again on a transient error', async () => {
  let runs = 0;
  const document = new One({ name: 'a' });
  await wrapper.transaction(async (session) => {
    await document.save({ session });
    if (++runs === 1) {
      const { MongoServerError } = One.base.mongo;
      const transient = new MongoServerError({ message: 'again' });
      transient.addErrorLabel('TransientTransactionError');
      throw transient;
    }
  });
  expect([runs, await counts()]).toEqual([2, [1, 0]]);
});

test('aborting inside is no error, and what comes later with that session is refused', async () => {
  let later;
  const value = await wrapper.transaction(async (session) => {
    await One.create([{ name: 'a' }], { session });
    await session.abortTransaction();
    later = await One.create([{ name: 'b' }], { session }).catch((error) => error);
    return 'aborted';
  });
  expect(value).toBe('aborted');
  expect(later).toMatchObject({ name: 'PolyMongoError', code: 'TRANSACTION_ENDED' });
  let kept;
  await wrapper.transaction(async (session) => {
    kept = session;
  });
  await expect(One.updateOne({}, { name: 'c' }, { session: kept })).rejects.toMatchObject({
    code: 'TRANSACTION_ENDED',
  });
  expect(await counts()).toEqual([0, 0]);
});

test('implicitSession: operations inside need not be told', async () => {
  const implicit = create({ implicitSession: true, sharePool: false });
  const Item = implicit.wrapModel(model()).db('wtx_implicit');
  await Item.create({ name: 'seed' });
  await expect(
    implicit.transaction(async () => {
      await Item.create({ name: 'a' });
      await Item.updateMany({}, { size: 1 });
      throw new Error('undo');
    }),
  ).rejects.toThrow('undo');
  expect(await Item.find({}, { _id: 0, name: 1, size: 1 }).lean()).toEqual([{ name: 'seed' }]);
});

test('options', async () => {
  const options = {
    readConcern: 'snapshot',
    writeConcern: { w: 'majority' },
    readPreference: 'primary',
    maxCommitTimeMS: 1000,
    timeoutMS: 5000,
  };
  await wrapper.transaction((session) => One.create([{ name: 'a' }], { session }), options);
  expect(await counts()).toEqual([1, 0]);
  await expect(wrapper.transaction(() => {}, { maxCommitTimMS: 1 })).rejects.toMatchObject({
    code: 'OPTION_UNKNOWN',
  });
  await expect(wrapper.transaction(() => {}, { maxCommitTimeMS: -1 })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
  await expect(wrapper.transaction(undefined)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('a function that is not async will do', async () => {
  expect(await wrapper.transaction(() => 5)).toBe(5);
});
