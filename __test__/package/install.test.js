'use strict';

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const mongoose = require('mongoose');
const { writePackage } = require('../../scripts/package');

const root = path.resolve(__dirname, '../..');
const windows = process.platform === 'win32';
const npm = (args, cwd) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', shell: windows, stdio: ['ignore', 'pipe', 'pipe'] });

let directory;
let tarball;
let contents;

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-package-'));
  const folder = writePackage();
  const [packed] = JSON.parse(npm(['pack', '--json', '--pack-destination', directory], folder));
  contents = packed.files.map((file) => file.path).sort();
  tarball = path.join(directory, packed.filename);
});

afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

test('the package holds the entry points, all of lib in two files, and the papers', () => {
  expect(contents).toEqual([
    'LICENSE',
    'README.md',
    'driver.d.ts',
    'driver.js',
    'index.d.mts',
    'index.d.ts',
    'index.js',
    'index.mjs',
    'lib/index.js',
    'lib/later.js',
    'package.json',
  ]);
});

test('nothing is built or downloaded when it is installed', () => {
  expect(JSON.parse(fs.readFileSync(path.join(root, 'dist/package.json'), 'utf8'))).not.toHaveProperty(
    'scripts',
  );
});

describe('installed into an empty project', () => {
  let project;

  beforeAll(() => {
    project = createProject('app', [tarball, packBinary(), `mongoose@${mongoose.version}`]);
  }, 120_000);

  test.each([
    [
      'require',
      'use.cjs',
      `const { createWrapper } = require('polymongo'); const mongoose = require('mongoose');`,
    ],
    ['import', 'use.mjs', `import { createWrapper } from 'polymongo'; import mongoose from 'mongoose';`],
  ])('it works through %s', (way, file, imports) => {
    const program = `${imports}
      const wrapper = createWrapper({ mongoURI: process.argv[2] });
      const Note = wrapper.wrapModel(mongoose.model('Note', new mongoose.Schema({ text: String })));
      (async () => {
        await Note.db('package_${way}').create({ text: 'kept' });
        console.log((await Note.db('package_${way}').findOne().lean()).text);
        await wrapper.dropDatabase('package_${way}');
        await wrapper.closeAll();
      })();`;
    expect(run(project, file, program)).toMatchObject({ status: 0, stdout: 'kept\n', stderr: '' });
  });

  test('it works as the driver of a Mongoose', () => {
    const program = `
      const mongoose = require('mongoose').setDriver(require('polymongo/driver'));
      (async () => {
        await mongoose.connect(process.argv[2], { dbName: 'package_driver' });
        const Note = mongoose.model('Note', new mongoose.Schema({ text: String }));
        await Note.create({ text: 'kept' });
        console.log((await Note.findOne().lean()).text);
        await mongoose.connection.dropDatabase();
        await mongoose.disconnect();
      })();`;
    expect(run(project, 'driver.cjs', program)).toMatchObject({ status: 0, stdout: 'kept\n', stderr: '' });
  });

  test('it works in a worker thread, also in a second one after the first has ended', () => {
    const program = `
      const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads');
      const work = async (uri) => {
        const wrapper = require('polymongo').createWrapper({ mongoURI: uri });
        const { ok } = await wrapper.ping();
        await wrapper.closeAll();
        return ok;
      };
      const inWorker = () => new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { workerData: process.argv[2] });
        let answer;
        worker.on('message', (ok) => { answer = ok; });
        worker.on('error', reject);
        worker.on('exit', () => resolve(answer));
      });
      if (isMainThread) inWorker().then(async (first) => console.log(first, await inWorker()));
      else work(workerData).then((ok) => parentPort.postMessage(ok));`;
    expect(run(project, 'workers.cjs', program)).toMatchObject({
      status: 0,
      stdout: 'true true\n',
      stderr: '',
    });
  });
});

test('without its binary it says which files were tried and why each failed', () => {
  const project = createProject('without-binary', [tarball, '--omit=peer', '--legacy-peer-deps']);
  const program = `try { require('polymongo') } catch (error) { console.log(error.code, error.message) }`;
  const { stdout } = run(project, 'use.cjs', program);
  const platform = `${process.platform}-${process.arch}`;
  expect(stdout).toMatch(/^NATIVE_ADDON_MISSING /);
  expect(stdout).toMatch(new RegExp(`binding.polymongo\\.${platform}\\S*\\.node: there is no such file`));
  expect(stdout).toMatch(new RegExp(`polymongo-${platform}\\S*: it is not installed`));
}, 60_000);

/** The package of this platform, with the binary that the checkout has built. */
function packBinary() {
  const [binary] = fs.readdirSync(path.join(root, 'lib/binding')).filter((file) => file.endsWith('.node'));
  const [, platform] = binary.split('.');
  const folder = path.join(directory, platform);
  fs.cpSync(path.join(root, 'npm', platform), folder, { recursive: true });
  fs.copyFileSync(path.join(root, 'lib/binding', binary), path.join(folder, binary));
  return folder;
}

function createProject(name, packages) {
  const project = path.join(directory, name);
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }');
  // Real copies, as from the registry: a link would find the checkout's modules.
  npm(['install', '--install-links', '--prefer-offline', '--no-audit', '--no-fund', ...packages], project);
  return project;
}

function run(project, file, program) {
  fs.writeFileSync(path.join(project, file), program);
  return spawnSync(process.execPath, [file, process.env.POLYMONGO_TEST_URI], {
    cwd: project,
    encoding: 'utf8',
    timeout: 25_000,
  });
}
