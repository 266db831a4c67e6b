'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./markdown');

const LAYERS = { protocol: 0, driver: 1, mongoose: 2, services: 3, tenants: 3, wrapper: 3 };

/** @param {string} directory @param {string} extension */
function* sources(directory, extension) {
  for (const name of fs.readdirSync(path.join(ROOT, directory), { recursive: true }))
    if (name.endsWith(extension) && !name.startsWith('binding'))
      yield { name, text: fs.readFileSync(path.join(ROOT, directory, name), 'utf8') };
}

const layerOf = (name) => LAYERS[name.split(path.sep)[0]];

/** What a file of lib requires of lib, by path from there. */
function requiredBy({ name, text }) {
  return [...text.matchAll(/require\('(\.[^']+)'\)/g)].map(([, target]) =>
    path.join(path.dirname(name), target),
  );
}

describe('docs/architecture.md, layers', () => {
  const files = [...sources('lib', '.js')];

  test('imports in lib go one way', () => {
    const wrong = files.flatMap((file) =>
      requiredBy(file)
        .filter((target) => layerOf(target) > layerOf(file.name))
        .map((target) => `${file.name} requires ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every file of lib belongs to a layer, or is one of the two that all may use', () => {
    const outside = files.map(({ name }) => name).filter((name) => layerOf(name) === undefined);
    expect(outside.sort()).toEqual(['error.js', 'native.js']);
  });

  test('only the driver layer knows the addon', () => {
    const users = files.filter((file) => requiredBy(file).some((target) => /^native(\.js)?$/.test(target)));
    expect(users.map(({ name }) => path.dirname(name))).toEqual(users.map(() => 'driver'));
    expect(users.length).toBeGreaterThan(0);
  });

  test('nothing requires the official driver or a Mongoose of our own', () => {
    const wrong = files.filter(({ text }) => /require\('(?:mongodb|mongoose|bson)'\)/.test(text));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('Node-API appears in the bridge alone', () => {
    const wrong = [...sources('src', '.rs')].filter(
      ({ name, text }) => !name.startsWith('bridge') && /\bnapi(?:_derive)?::/.test(text),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});
