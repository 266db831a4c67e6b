'use strict';

const fs = require('node:fs');
const path = require('node:path');
const PolyMongo = require('../..');
const packageJson = require('../../package.json');
const { compile } = require('../support/compile');
const { createProject } = require('../support/project');
const { ROOT, blocksOf, documents, proseOf } = require('./markdown');
const { run, serve } = require('./run-block');

/**
 * What stands in the documents is run as it stands, except for two words: the address of the reader's server is that of
 * the test's, and every database gets a prefix of its own.
 */
const SERVER = 'mongodb://localhost:27017';
const PREFIX = `docs_${process.pid}_`;
const adapted = (code) =>
  code.replaceAll(SERVER, process.env.POLYMONGO_TEST_URI ?? SERVER).replaceAll('tenant_', `${PREFIX}tenant_`);

const RUN_AS = { js: 'cjs', mjs: 'mjs', ts: 'mts' };
const CHECKED = new Set([...Object.keys(RUN_AS), 'bash', 'text']);

const blocks = documents().flatMap(blocksOf);
/** What compiles first takes its time on a busy machine. */
jest.setTimeout(120_000);

const where = ({ document, line, language }) => `${document}:${line} (${language || 'no language'})`;
const ofLanguage = (...languages) =>
  blocks.filter(({ language }) => languages.includes(language)).map((block) => [where(block), block]);

/** What a program says it prints: `// prints …` at the end of its lines. */
const announced = (code) => [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line);

let project;
beforeAll(() => {
  const mongooseUnderTest = process.env.POLYMONGO_MONGOOSE === '8' ? 'mongoose8' : 'mongoose';
  project = createProject({ mongoose: mongooseUnderTest, packages: ['express'] });
});
afterAll(async () => {
  project.remove();
  const wrapper = PolyMongo.createWrapper({ mongoURI: process.env.POLYMONGO_TEST_URI });
  for (const { dbName } of await wrapper.stats.listDatabases())
    if (dbName.startsWith(PREFIX)) await wrapper.dropDatabase(dbName);
  await wrapper.closeAll();
});

test('every block is of a kind that is checked', () => {
  expect(blocks.filter(({ language }) => !CHECKED.has(language)).map(where)).toEqual([]);
});

/** @param {{language: string, line: number, code: string}} block @returns {string} the file to run */
function write({ language, line, code }) {
  const name = `block-${line}`;
  project.write(`${name}.${RUN_AS[language]}`, adapted(code));
  if (language !== 'ts') return `${name}.${RUN_AS[language]}`;
  expect(compile(project.directory, [`${name}.mts`])).toBe('');
  return `${name}.mjs`;
}

const serves = (code) => code.includes('.listen(');
const programs = ofLanguage('js', 'mjs', 'ts');

test.each(programs.filter(([, { code }]) => !serves(code)))(
  '%s runs, prints what it says and ends',
  async (_, block) => {
    const { code, signal, stdout, stderr } = await run(project.directory, write(block));
    expect({ code, signal, stderr, lines: stdout.split('\n').filter(Boolean) }).toEqual({
      code: 0,
      signal: null,
      stderr: '',
      lines: announced(block.code),
    });
  },
);

test.each(programs.filter(([, { code }]) => serves(code)))(
  '%s serves each tenant its own data',
  async (_, block) => {
    const database = (name) => `${PREFIX}tenant_${name}_${block.line}`;
    const names = async (response) => (await response.json()).map(({ name }) => name);
    const { code, signal, stderr } = await serve(project.directory, write(block), async (url) => {
      const post = (name, body) =>
        fetch(`${url}/users?db=${database(name)}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      expect((await post('express_a', { name: 'Ada' })).status).toBe(201);
      expect((await post('express_b', { name: 'Grace' })).status).toBe(201);
      expect(await names(await fetch(`${url}/users?db=${database('express_a')}`))).toEqual(['Ada']);
      expect(await names(await fetch(`${url}/users?db=${database('express_b')}`))).toEqual(['Grace']);
      if (block.code.includes('/users/export')) {
        const lines = await (await fetch(`${url}/users/export?db=${database('express_a')}`)).text();
        expect(lines).toMatch(/^\{"_id":"\w+","name":"Ada","__v":0\}\n$/);
      }
      expect((await fetch(`${url}/users?db=other`)).status).toBe(400);
      expect((await fetch(`${url}/users`)).status).toBe(400);
    });
    expect({ code, signal, stderr }).toEqual({ code: null, signal: 'SIGTERM', stderr: '' });
  },
);

const INSTALLABLE = new Set([packageJson.name, ...Object.keys(packageJson.peerDependencies)]);

/** The arguments that a script, or an example that it runs, declares to `parseArgs`. @param {string} line */
function argumentsOf(line) {
  const file = /^node (\S+)$/.exec(line)?.[1];
  if (file === undefined) return new Set();
  const source = fs.readFileSync(path.join(ROOT, file), 'utf8');
  const examples = [...source.matchAll(/require\('\.\.\/(examples\/[^']+)'\)/g)].map(([, name]) =>
    fs.readFileSync(require.resolve(path.join(ROOT, name)), 'utf8'),
  );
  return new Set([...[source, ...examples].join('').matchAll(/(\w+): \{ type: '/g)].map(([, name]) => name));
}

/** @param {string} command @returns {string | null} what is wrong with it */
function wrongWith(command) {
  const [program, verb, ...words] = command.split(/\s+/);
  if (program === 'npm' && verb === 'ci') return null;
  if (program === 'npm' && (verb === 'install' || verb === 'i'))
    return words.every((word) => INSTALLABLE.has(word)) ? null : `installs something else: ${words}`;
  if (program === 'npm' && (verb === 'run' || verb === 'test')) {
    const script = verb === 'test' ? 'test' : words.shift();
    const line = packageJson.scripts[script];
    if (line === undefined) return `package.json has no script "${script}"`;
    const flags = words.filter((word) => word.startsWith('--') && word !== '--').map((flag) => flag.slice(2));
    const unknown = flags.filter((flag) => !argumentsOf(line).has(flag));
    return unknown.length === 0 ? null : `the script "${script}" knows no --${unknown}`;
  }
  if (program === 'node') return fs.existsSync(path.join(ROOT, verb)) ? null : `there is no file ${verb}`;
  if (program === 'cargo') return null;
  return 'this test does not know how to check it';
}

const inBlocks = ofLanguage('bash').flatMap(([place, { code }]) =>
  code
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((command) => [place, command]),
);
const inProse = documents().flatMap((document) =>
  [...proseOf(document).matchAll(/`((?:npm|npx|node|cargo) [^`]+)`/g)].map(([, command]) => [
    document,
    command,
  ]),
);

test.each([...inBlocks, ...inProse])('%s: %s', (_, command) => {
  expect(wrongWith(command)).toBeNull();
});

test.each(documents())('%s: links lead somewhere', (document) => {
  const links = [...proseOf(document).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link);
  const local = links.filter((link) => !/^https?:/.test(link));
  const missing = local.filter((link) => !fs.existsSync(path.join(ROOT, path.dirname(document), link)));
  expect(missing).toEqual([]);
});
