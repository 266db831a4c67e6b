'use strict';

const fs = require('node:fs');
const path = require('node:path');
const manifest = require('../package.json');

const ROOT = path.join(__dirname, '..');
const PACKAGE = path.join(ROOT, 'dist');

/** What a checkout needs and an installation does not. */
const LEFT_OUT = ['private', 'scripts', 'devDependencies', 'files', 'napi'];
const ENTRIES = ['index.js', 'driver.js'];

const REQUIRE = /\brequire\('(\.[^']+)'\)/g;
/** What is not indented is run with the file. */
const REQUIRE_AT_ONCE = /^(?=\S).*\brequire\('(\.[^']+)'\)/gm;

/**
 * Writes the package as it is published. All of lib is two files there, what `require('polymongo')` runs and the rest,
 * because finding and reading each of them is a third of what a first query takes (docs/decisions/0009-speed.md).
 *
 * @param {string} [folder] what it held before is removed
 * @returns {string} the folder
 */
function writePackage(folder = PACKAGE) {
  const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'lib'), { recursive: true });
  const papers = manifest.files.filter((name) => /\.(mjs|d\.m?ts)$/.test(name));
  for (const name of [...papers, 'README.md', 'LICENSE'])
    fs.copyFileSync(path.join(ROOT, name), path.join(folder, name));
  const published = Object.entries(manifest).filter(([key]) => !LEFT_OUT.includes(key));
  write('package.json', `${JSON.stringify(Object.fromEntries(published), null, 2)}\n`);
  for (const name of ENTRIES) write(name, `'use strict';\n\nmodule.exports = require('./lib')('${name}');\n`);
  const atOnce = withRequired(['index.js'], REQUIRE_AT_ONCE);
  const later = [...withRequired(ENTRIES, REQUIRE)].filter((file) => !atOnce.has(file));
  write('lib/index.js', loader(atOnce));
  write(
    'lib/later.js',
    `'use strict';\n\nconst $require = require('./index');\n\nmodule.exports = ${table(later)};\n`,
  );
  return folder;
}

/**
 * These files and all that they require, by their paths from the root.
 * @param {string[]} entries
 * @param {RegExp} pattern of what counts as requiring
 */
function withRequired(entries, pattern) {
  const files = new Set(entries);
  for (const file of files)
    for (const [, target] of read(file).matchAll(pattern)) {
      const required = resolve(file, target);
      if (required.endsWith('.js')) files.add(required);
    }
  return files;
}

/**
 * An object of functions, one for each file, that run it as it is.
 * @param {Iterable<string>} files
 */
function table(files) {
  const inPlace = (file) =>
    read(file).replace(REQUIRE, (_, target) => {
      const required = resolve(file, target);
      return required.endsWith('.js')
        ? `$require('${required}')`
        : `require('${path.posix.relative('lib', required)}')`;
    });
  return `{\n${Array.from(files, (file) => `'${file}'(module, exports) {\n${inPlace(file)}},\n`).join('')}}`;
}

/** @param {string} file @param {string} target */
function resolve(file, target) {
  const absolute = require.resolve(path.join(ROOT, path.dirname(file), target));
  return path.relative(ROOT, absolute).split(path.sep).join('/');
}

/** @param {string} file */
function read(file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

/**
 * What a file exports; it is run when it is asked for the first time, as Node.js does it.
 * @param {Iterable<string>} files
 */
const loader = (files) => `'use strict';

const files = ${table(files)};

const loaded = new Map();

function $require(name) {
  let module = loaded.get(name);
  if (module === undefined) {
    if (!(name in files)) Object.assign(files, require('./later'));
    module = { exports: {} };
    loaded.set(name, module);
    try {
      files[name](module, module.exports);
    } catch (error) {
      loaded.delete(name);
      throw error;
    }
  }
  return module.exports;
}

module.exports = $require;
`;

module.exports = { writePackage };

if (require.main === module) console.log(`The package is in ${path.relative(process.cwd(), writePackage())}`);
