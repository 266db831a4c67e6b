const { fork } = require('child_process');
const fs=require('fs');
test('x', async () => {
  const log=(l)=>fs.writeSync(2, l+'\n');
  const g = fork('/work/main/scripts/replica-set-guard.js', ['/tmp/tooling/guarded'], {detached:true, stdio:'ignore', execArgv:[]});
  g.on('error', e=>log('err '+e)); g.on('exit', (...a)=>log('exit '+a)); g.on('disconnect', ()=>log('disc'));
  await new Promise(r=>g.once('message', r));
  log('ready');
  g.unref(); g.channel.unref();
  const p = new Promise(r=>g.once('exit', r));
  g.ref(); g.disconnect(); await p;
  log('stopped');
}, 8000);
