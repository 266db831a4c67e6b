'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { startReplicaSet } = require('../../scripts/replica-set');
const mongoose = require('../support/mongoose');

const scripts = path.resolve(__dirname, '../../scripts');
const program = `
  require('./replica-set').startReplicaSet({ nodes: 1 }).then(({ members, stop }) => {
    process.send(members);
    process.on('message', () => stop().then(() => process.exit()));
  });`;

describe('startReplicaSet()', () => {
  test('starts servers that form one replica set and take test commands', async () => {
    const set = await startReplicaSet({ nodes: 2 });
    try {
      const connection = await mongoose.createConnection(set.uri).asPromise();
      const hello = await connection.db.admin().command({ hello: 1 });
      expect(hello).toMatchObject({ setName: 'rs0', isWritablePrimary: true });
      expect(hello.hosts).toHaveLength(2);
      const parameters = await connection.db.admin().command({ getParameter: 1, enableTestCommands: 1 });
      expect(parameters.enableTestCommands).toBe(true);
      const status = await connection.db.admin().command({ serverStatus: 1 });
      expect(status.storageEngine.name).toBe('wiredTiger');
      await connection.close();
    } finally {
      await set.stop();
    }
  });

  test('turns access control on when it is given a root user', async () => {
    const root = { customRootName: 'root', customRootPwd: 'a secret' };
    const set = await startReplicaSet({ auth: root });
    try {
      const stranger = await mongoose.createConnection(set.uri).asPromise();
      await expect(stranger.db.collection('c').findOne()).rejects.toMatchObject({ codeName: 'Unauthorized' });
      await stranger.close();
      const auth = { username: root.customRootName, password: root.customRootPwd };
      const known = await mongoose.createConnection(set.uri, { auth }).asPromise();
      expect(await known.db.collection('c').findOne()).toBeNull();
      await known.close();
    } finally {
      await set.stop();
    }
  });
});

describe('the servers and their data are gone', () => {
  test.each([
    ['after stop()', (child) => child.send('stop')],
    ['after the process that started them was killed', (child) => child.kill('SIGKILL')],
    ['after it was told to end', (child) => child.kill('SIGTERM')],
    [
      'after Ctrl-C, which reaches all processes of a terminal',
      (child) => process.kill(-child.pid, 'SIGINT'),
    ],
  ])('%s', async (_, end) => {
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-test-'));
    const child = spawn(process.execPath, ['-e', program], {
      cwd: scripts,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    });
    const members = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the replica set did not start')));
    });
    const left = () => [...members.filter(({ pid }) => isAlive(pid)), ...dataDirectories(temporary)];
    expect(left()).toHaveLength(2);

    end(child);

    for (let waited = 0; waited < 15_000 && left().length > 0; waited += 50) await sleep(50);
    expect(left()).toEqual([]);
    fs.rmSync(temporary, { recursive: true });
  });
});

const dataDirectories = (temporary) =>
  fs.readdirSync(temporary).filter((name) => name.startsWith('polymongo-replica-set-'));

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
