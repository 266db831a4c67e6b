// Closes "wrappers" of our own making: the registry's behaviour alone, in a process that signals may end.
const { handleSignals } = require('../../../lib/services/signals');

const [mode] = process.argv.slice(2);
const say = (text) => process.stdout.write(`${text}\n`);
const closeMS = mode === 'slow' ? 60_000 : 100;
const closer = {
  async closeAll() {
    say('closing');
    await new Promise((resolve) => setTimeout(resolve, closeMS));
    say('closed');
  },
};
const stop = handleSignals(mode === 'list' ? ['SIGUSR2'] : mode !== 'off', closer);
globalThis.held = closer;

if (mode === 'application') {
  process.once('SIGTERM', () => {
    say('application handles');
    clearInterval(alive);
  });
}
if (mode === 'passive') {
  // As the package signal-exit does it: acts only when it is the last listener.
  process.__signal_exit_emitter__ = { count: 1 };
  const passive = () => {
    if (process.listeners('SIGTERM').length !== 1) return;
    process.removeListener('SIGTERM', passive);
    say('passive listener acts');
    process.kill(process.pid, 'SIGTERM');
  };
  process.on('SIGTERM', passive);
}
if (mode === 'stopped') stop();
const alive = setInterval(() => {}, 1000);
say('ready');
