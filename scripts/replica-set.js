'use strict';

const { fork } = require('node:child_process');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { findMongod } = require('./mongod');
const { ReplicaSetMember } = require('./replica-set-member');

/** Small and quiet servers: tests and the demo run several on one machine. */
const MONGOD_ARGS = [
  ...['--wiredTigerCacheSizeGB', '0.25'],
  ...['--oplogSize', '512'],
  ...['--setParameter', 'enableTestCommands=1'],
  ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
];

/** How often other ports are tried: one that was free a moment ago may be any process's by now. */
const ATTEMPTS = 3;

/**
 * Starts a real replica set on this machine. Its servers and their data are gone after `stop()`, and also when this
 * process ends in any other way (crash, Ctrl-C, SIGKILL): a guard process watches over them.
 *
 * @param {{
 *   nodes?: number,
 *   args?: string[],
 *   auth?: {customRootName: string, customRootPwd: string},
 *   settings?: Record<string, unknown>,
 *   behind?: {port: number, host: string}[],
 *   log?: (line: string) => void,
 * }} [options] `args` go to every mongod; `auth` turns access control on, with this root user; `settings` are those of
 *   the set's configuration; `behind` has for each member the port to listen on and the `host:port` that the set knows
 *   it by, when that leads through a proxy
 * @returns {Promise<{uri: string, members: ReplicaSetMember[], stop: () => Promise<void>}>} `uri` names no database and
 *   carries no credentials
 */
async function startReplicaSet(options = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnFreePorts(options);
    } catch (error) {
      if (attempt === ATTEMPTS || !error.message.includes('already in use')) throw error;
    }
  }
}

/** @param {Parameters<typeof startReplicaSet>[0]} options */
async function startOnFreePorts({ nodes = 1, args = [], auth, settings = {}, behind = [], log } = {}) {
  const { path: systemBinary, version } = await findMongod({ log });
  const { MongoMemoryReplSet } = require('mongodb-memory-server-core');
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'polymongo-replica-set-'));
  const guard = await startGuard(directory);
  try {
    const directories = await memberDirectories(directory, nodes);
    const set = await MongoMemoryReplSet.create({
      binary: { systemBinary, version },
      instanceOpts: directories.map((dbPath, index) => ({
        dbPath,
        storageEngine: 'wiredTiger',
        launchTimeout: 60_000,
        ...(behind[index] && {
          port: behind[index].port,
          replicaMemberConfig: /** @type {any} */ ({ host: behind[index].host }),
        }),
      })),
      replSet: {
        name: 'rs0',
        count: nodes,
        storageEngine: 'wiredTiger',
        args: [...MONGOD_ARGS, ...args],
        configSettings: settings,
        // Ctrl-C reaches all processes of a terminal; whoever uses the servers gets to finish first.
        spawn: { detached: true },
        ...(auth && { auth: { enable: true, ...auth } }),
      },
    });
    const members = set.servers.map(
      ({ instanceInfo: { port, instance } }) => new ReplicaSetMember(instance.mongodProcess, port),
    );
    const hosts = members.map(({ port }, index) => behind[index]?.host ?? `127.0.0.1:${port}`);
    const stop = once(async () => {
      await set.stop({ doCleanup: true, force: true });
      // What was started again is not the package's to end.
      await Promise.all(members.map((member) => member.kill()));
      await endGuard(guard);
    });
    return { uri: `mongodb://${hosts.join(',')}/?replicaSet=rs0`, members, stop };
  } catch (error) {
    await endGuard(guard);
    throw error;
  }
}

async function memberDirectories(directory, nodes) {
  const members = Array.from({ length: nodes }, (_, index) => path.join(directory, `member-${index}`));
  await Promise.all(members.map((member) => fs.mkdir(member)));
  return members;
}

/** Its own process group, so that Ctrl-C does not reach it; its channel to us closes when we end, however we end. */
function startGuard(directory) {
  const guard = fork(path.join(__dirname, 'replica-set-guard.js'), [directory], {
    detached: true,
    stdio: 'ignore',
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    guard.once('error', reject);
    guard.once('message', () => {
      guard.unref();
      guard.channel.unref();
      resolve(guard);
    });
  });
}

/** The guard ends what is left of the servers and their data, then itself. */
function endGuard(guard) {
  return new Promise((resolve) => {
    guard.once('exit', resolve);
    guard.ref();
    guard.disconnect();
  });
}

function once(work) {
  let result;
  return () => {
    result ??= work();
    return result;
  };
}

module.exports = { startReplicaSet };
