'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const { dependencies } = require('../../package.json');
const { writePackage } = require('../../scripts/package');

/**
 * An application's folder that has polymongo installed as npm would install what is published, and the Mongoose asked for.
 *
 * @param {{mongoose: 'mongoose' | 'mongoose8', packages?: string[]}} options
 * @returns {{directory: string, write: (name: string, text: string) => string, remove: () => void}}
 */
function createProject({ mongoose, packages = [] }) {
  const directory = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'polymongo-project-'));
  const modules = path.join(directory, 'node_modules');
  fs.mkdirSync(modules);
  const installed = writePackage(path.join(modules, 'polymongo'));
  // The binary comes in a package of its own; here it is linked.
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
