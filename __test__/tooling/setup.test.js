'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
let directory;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'polymongo-setup-'));
});

afterEach(() => fs.rmSync(directory, { recursive: true }));

/** Sets up where nothing is installed but the dependencies and what the test puts there. */
function setUp() {
  const program = "require('./scripts/setup').setUp().catch(({ message }) => console.error(message))";
  const env = { PATH: directory, HOME: directory };
  return spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8', env }).stderr.trim();
}

function install(tool, version) {
  fs.writeFileSync(path.join(directory, tool), `#!/bin/sh\necho '${tool} ${version} (abc 2024-01-01)'\n`, {
    mode: 0o755,
  });
}

test('without Rust it says what is missing and where to get it', () => {
  expect(setUp()).toBe(
    'The addon is built from Rust and rustc was not found; ' +
      'install it with rustup (https://rustup.rs), or update it with "rustup update stable"',
  );
});

test('with a Rust that is too old it says which one is needed', () => {
  install('rustc', '1.9.0');
  expect(setUp()).toMatch(
    /^The addon needs Rust 1\.\d+ or newer, this is rustc 1\.9\.0; install it with rustup/,
  );
});

test('a build that fails is told with everything that it printed', () => {
  install('rustc', '1.99.0');
  install('cargo', '1.99.0');
  fs.writeFileSync(path.join(directory, 'npm'), '#!/bin/sh\necho "error: no linker"; exit 7\n', {
    mode: 0o755,
  });
  expect(setUp()).toBe('Building the addon: "npm run build" ended with 7\n\nerror: no linker');
});
