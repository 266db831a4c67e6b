'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const TSC = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

/**
 * Compiles TypeScript files under `strict`, declarations of libraries included, with the JavaScript beside them.
 * @param {string} directory
 * @param {string[]} files
 * @returns {string} what the compiler complains about
 */
function compile(directory, files) {
  const configuration = {
    compilerOptions: {
      target: 'es2023',
      module: 'node16',
      moduleResolution: 'node16',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      // The declarations of Mongoose import 'mongoose' themselves, and have to find themselves under that name.
      paths: { mongoose: [path.join(directory, 'node_modules', 'mongoose')] },
    },
    files,
  };
  fs.writeFileSync(path.join(directory, 'tsconfig.json'), JSON.stringify(configuration));
  const { stdout, stderr } = spawnSync(process.execPath, [TSC, '-p', directory, '--pretty', 'false'], {
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trim();
}

module.exports = { compile };
