const { startReplicaSet } = require('../../scripts/replica-set');
const mongoose=require('../support/mongoose');
const fs=require('fs');
test('x', async () => {
  const log=(l)=>fs.writeSync(2, l+'\n');
  const set = await startReplicaSet({ log, nodes: 2 });
  log('started '+set.uri);
  const c = await mongoose.createConnection(set.uri).asPromise();
  log('conn');
  await c.close();
  log('closed');
  await set.stop();
  log('stopped');
}, 8000);
