'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./markdown');

const text = fs.readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8');
const section = (title) => text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
const rowsOf = (title) => [...section(title).matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);

/** Words of the same form that are no codes of ours. */
const OTHERS = new Set([
  // What Node's own errors are recognised by.
  'ERR_OUT_OF_RANGE',
  'MODULE_NOT_FOUND',
  // States of a transaction, by the names the official driver gives them.
  'NO_TRANSACTION',
  'STARTING_TRANSACTION',
  'TRANSACTION_IN_PROGRESS',
  'TRANSACTION_COMMITTED',
  'TRANSACTION_COMMITTED_EMPTY',
  'TRANSACTION_ABORTED',
]);

/** Every word in the form of a code, and whatever is a `code`, with the files it stands in. */
function codesInLib() {
  const found = new Map();
  for (const name of fs.readdirSync(path.join(ROOT, 'lib'), { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const source = fs.readFileSync(path.join(ROOT, 'lib', name), 'utf8');
    for (const form of [/['"]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)['"]/g, /code: ['"]([A-Z]+)['"]/g])
      for (const [, code] of source.matchAll(form)) found.set(code, [...(found.get(code) ?? []), name]);
  }
  return found;
}

describe('docs/errors.md', () => {
  const documented = new Set([...rowsOf('Codes'), ...rowsOf('Warnings')]);
  const used = codesInLib();

  test('explains every code that lib gives', () => {
    const missing = [...used].filter(([code]) => !documented.has(code) && !OTHERS.has(code));
    expect(missing).toEqual([]);
  });

  test('explains no code that lib does not give', () => {
    const gone = [...documented, ...OTHERS].filter((code) => code !== 'POLYMONGO' && !used.has(code));
    expect(gone).toEqual([]);
  });

  test('and the union in index.d.ts has the same ones', () => {
    const declarations = fs.readFileSync(path.join(ROOT, 'index.d.ts'), 'utf8');
    const union = /export type ErrorCode =([^;]+);/.exec(declarations)[1];
    const declared = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
    expect(declared).toEqual(rowsOf('Codes'));
  });
});
