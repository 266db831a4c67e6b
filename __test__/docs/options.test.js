'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { POOL_OPTIONS, WRAPPER_OPTIONS, CONNECTION_DEFAULTS } = require('../../lib/wrapper/options');
const { CONNECTION_OPTIONS } = require('../../lib/protocol/connection-options');

const text = fs.readFileSync(path.join(__dirname, '../../docs/options.md'), 'utf8');

/** @param {string} title @returns {string} the section below a heading */
function section(title) {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`docs/options.md has no section "${title}"`);
  return found;
}

/** @param {string} part @returns {Map<string, string>} default by option, of a table */
function rows(part) {
  const documented = new Map();
  for (const [, names, byDefault] of part.matchAll(/^\| (`[^|]+`) \| [^|]+ \|([^|]*)\|/gm))
    for (const [, name] of names.matchAll(/`([^`]+)`/g)) documented.set(name, byDefault.trim());
  return documented;
}

const ticked = (part) => [...part.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
const named = (entries) => entries.map(({ name }) => name).sort();
const usable = (entries) => named(entries.filter(({ kind }) => kind === 'own' || kind === 'driver'));
const inConnection = new Set(named(CONNECTION_OPTIONS));
const ownOf = (table) => table.filter(({ name }) => !inConnection.has(name));

describe('docs/options.md', () => {
  test.each([
    ['The wrapper', usable(ownOf(WRAPPER_OPTIONS))],
    ['The connection', usable(CONNECTION_OPTIONS)],
    ['Dedicated pools', usable(ownOf(POOL_OPTIONS))],
  ])('%s: every option, and none that does not exist', (title, expected) => {
    expect([...rows(section(title)).keys()].sort()).toEqual(expected);
  });

  test('defaults are those of the tables', () => {
    const documented = rows(section('The wrapper'));
    const connection = rows(section('The connection'));
    for (const { name, default: byDefault } of WRAPPER_OPTIONS)
      if (byDefault !== undefined) expect([name, documented.get(name)]).toEqual([name, `\`${byDefault}\``]);
    for (const [name, byDefault] of Object.entries(CONNECTION_DEFAULTS))
      expect([name, connection.get(name)]).toEqual([name, `\`${byDefault}\``]);
    for (const { name, default: byDefault } of ownOf(POOL_OPTIONS))
      if (byDefault !== undefined)
        expect([name, rows(section('Dedicated pools')).get(name)]).toEqual([name, `\`${byDefault}\``]);
  });

  test.each([
    ['Accepted without effect', 'leftover'],
    ['Refused', 'refused'],
  ])('%s: every name', (title, kind) => {
    const expected = named(WRAPPER_OPTIONS.filter((entry) => entry.kind === kind));
    expect(ticked(section(title)).sort()).toEqual(expected);
  });

  test('what may not stand in a connection string says so', () => {
    for (const { name, kind, uri } of CONNECTION_OPTIONS) {
      if (kind !== 'driver') continue;
      const row = section('The connection')
        .split('\n')
        .find((line) => line.startsWith('|') && line.split('|')[1].includes(`\`${name}\``));
      expect([name, /Not in the URI/.test(row)]).toEqual([name, !uri]);
    }
  });
});
