'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const { dependencies, files: published } = require('../../package.json');

const PUBLISHED = published.filter((name) => !name.startsWith('!'));

/**
 * An application's folder that has polymongo installed as npm would install it (copied, so that it finds the
 * application's Mongoose and not ours), and the Mongoose asked for.
 *
 * @param {{mongoose: 'mongoose' | 'mongoose8', packages?: string[], files?: string[]}} options
 * @returns {{directory: string, write: (name: string, text: string) => string, remove: () => void}}
 */
function createProject({ mongoose, packages = [], files = PUBLISHED }) {
  const directory = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'polymongo-project-'));
  const modules = path.join(directory, 'node_modules');
  fs.mkdirSync(modules);
  const installed = path.join(modules, 'polymongo');
  const filter = (source) => path.basename(source) !== 'binding';
  for (const file of ['package.json', ...files])
    fs.cpSync(path.join(ROOT, file), path.join(installed, file), { recursive: true, filter });
  // The binary alone is linked: a debug build of it is large.
  if (files.includes('lib'))
    fs.symlinkSync(path.join(ROOT, 'lib', 'binding'), path.join(installed, 'lib', 'binding'), 'junction');
  const link = (name, target) =>
    fs.symlinkSync(path.join(ROOT, 'node_modules', target), path.join(modules, name), 'junction');
  link('mongoose', mongoose);
  for (const name of ['@types', ...Object.keys(dependencies), ...packages]) link(name, name);
  return {
    directory,
    write(name, text) {
      fs.writeFileSync(path.join(directory, name), text);
      return name;
    },
    remove: () => fs.rmSync(directory, { recursive: true, force: true }),
  };
}

module.exports = { createProject };
