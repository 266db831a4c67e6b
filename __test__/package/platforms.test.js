'use strict';

const fs = require('node:fs');
const path = require('node:path');
const root = require('../../package.json');

const directory = path.resolve(__dirname, '../../npm');
const read = (file) => fs.readFileSync(path.resolve(__dirname, '../..', file), 'utf8');
const folders = fs.readdirSync(directory);

/** x86_64-unknown-linux-gnu → linux-x64-gnu */
function folderOf(target) {
  const [cpu, , system, abi] = target.split('-');
  const os = { linux: 'linux', darwin: 'darwin', windows: 'win32' }[system];
  return [os, cpu === 'x86_64' ? 'x64' : 'arm64', abi].filter(Boolean).join('-');
}

test('every target has a package of its own, and no other package is there', () => {
  expect(folders.toSorted()).toEqual(root.napi.targets.map(folderOf).toSorted());
});

test('the loader and the release workflow know every target', () => {
  const loader = read('lib/native.js');
  const workflow = read('.github/workflows/release.yml');
  for (const target of root.napi.targets) {
    expect(loader).toContain(`require('polymongo-${folderOf(target)}')`);
    expect(workflow).toContain(`target: ${target}`);
  }
});

test.each(folders)('the package %s is for its system alone, and of our version', (folder) => {
  const manifest = JSON.parse(read(`npm/${folder}/package.json`));
  const [os, cpu, abi] = folder.split('-');
  expect(manifest).toMatchObject({
    name: `polymongo-${folder}`,
    version: root.version,
    license: root.license,
    repository: root.repository,
    engines: root.engines,
    os: [os],
    cpu: [cpu],
    main: `polymongo.${folder}.node`,
    files: [`polymongo.${folder}.node`],
  });
  expect(manifest.libc).toEqual(os === 'linux' ? [abi === 'gnu' ? 'glibc' : 'musl'] : undefined);
});

test('the crate has the version of the package', () => {
  expect(read('Cargo.toml')).toMatch(`version = "${root.version}"`);
});
