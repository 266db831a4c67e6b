'use strict';

const { executionAsyncId } = require('node:async_hooks');
const { base, wrapper, clear, close, name } = require('../../support/tenants').openTenants('followed', {
  autoIndex: true,
});

/** Promises have numbers of their own as long as somebody follows them. */
async function areFollowed() {
  const number = () => Promise.resolve().then(executionAsyncId);
  const first = await number();
  return first !== (await number());
}

/** Says whether promises are followed: at first, after a first write, and inside a `run()`. */
(async () => {
  const User = wrapper.wrapModel(
    base.model('User', new base.Schema({ email: { type: String, index: true } })),
  );
  const said = [await areFollowed()];
  await User.db(name('first')).create({ email: 'a' });
  said.push(await areFollowed());
  said.push(await wrapper.run(name('first'), areFollowed));
  await clear();
  await close();
  process.stdout.write(said.join(' '));
})();
