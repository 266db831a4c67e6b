'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const native = require('../../lib/native');
const { version } = require('../../package.json');

const LIB = path.join(__dirname, '../../lib');

let directory;
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-native-'));
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

/** Loads a `native.js`, in a process of its own; what it failed with. */
function load(file, env = {}) {
  const script = `try { require(${JSON.stringify(file)}); console.log('null') } catch (error) {
    console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message, tried: error.tried }))
  }`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], {
    env: { ...process.env, POLYMONGO_NATIVE: '', ...env },
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}

/** A copy of the package without any binary. */
function copyPackage() {
  const copy = fs.mkdtempSync(path.join(directory, 'copy-'));
  fs.mkdirSync(path.join(copy, 'lib'));
  for (const name of ['native.js', 'error.js'])
    fs.copyFileSync(path.join(LIB, name), path.join(copy, 'lib', name));
  fs.writeFileSync(path.join(copy, 'package.json'), JSON.stringify({ version }));
  return copy;
}

function binary() {
  const folder = path.join(LIB, 'binding');
  return path.join(
    folder,
    fs.readdirSync(folder).find((name) => name.endsWith('.node')),
  );
}

test('the binary is of this version', () => {
  expect(native.version()).toBe(version);
});

test('a checkout loads what it has built', () => {
  expect(load(path.join(LIB, 'native.js'))).toBeNull();
});

test('an installation loads the package for its platform', () => {
  const copy = copyPackage();
  const name = path.basename(binary(), '.node').replace('.', '-');
  const installed = path.join(copy, 'node_modules', name);
  fs.mkdirSync(installed, { recursive: true });
  fs.copyFileSync(binary(), path.join(installed, 'a.node'));
  fs.writeFileSync(path.join(installed, 'package.json'), JSON.stringify({ name, main: 'a.node' }));
  expect(load(path.join(copy, 'lib/native.js'))).toBeNull();
});

test('without a binary, what was tried and what to do is said', () => {
  const error = load(path.join(copyPackage(), 'lib/native.js'));
  expect(error).toMatchObject({ name: 'PolyMongoError', code: 'NATIVE_ADDON_MISSING' });
  expect(error.message).toContain(`${process.platform}-${process.arch}`);
  expect(error.message).toContain(process.version);
  expect(error.message).toContain('npm run build');
  const names = error.tried.map(({ file }) => file);
  expect(names).toContainEqual(expect.stringMatching(/lib.binding.polymongo\..*\.node$/));
  expect(names).toContainEqual(expect.stringMatching(/^polymongo-/));
  for (const { file, reason } of error.tried) expect(error.message).toContain(`${file}: ${reason}`);
});

test.each([
  [
    'of another system',
    (file) => fs.writeFileSync(file, Buffer.from('MZ, or so')),
    /invalid|not a valid|header|too short/,
  ],
  ['that is empty', (file) => fs.writeFileSync(file, ''), /./],
  ['that is not there', () => {}, /^there is no such file$/],
])('a binary %s is named with the reason', (_name, write, reason) => {
  const file = path.join(directory, 'named.node');
  fs.rmSync(file, { force: true });
  write(file);
  const error = load(path.join(LIB, 'native.js'), { POLYMONGO_NATIVE: file });
  expect(error.tried).toEqual([{ file, reason: expect.stringMatching(reason) }]);
});

test('a binary of another version is refused', () => {
  const copy = copyPackage();
  fs.writeFileSync(path.join(copy, 'package.json'), JSON.stringify({ version: '0.0.1' }));
  const error = load(path.join(copy, 'lib/native.js'), { POLYMONGO_NATIVE: binary() });
  expect(error.tried).toEqual([
    { file: binary(), reason: `it is of version ${version}, but this is polymongo 0.0.1` },
  ]);
});

test('one named in the environment is the only one', () => {
  expect(load(path.join(copyPackage(), 'lib/native.js'), { POLYMONGO_NATIVE: binary() })).toBeNull();
});
