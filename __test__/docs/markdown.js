'use strict';

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');

/** Every document for users and contributors, by its path from the top. */
function documents() {
  const inDocs = fs
    .readdirSync(path.join(ROOT, 'docs'), { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name));
  return ['README.md', 'CHANGELOG.md', ...inDocs.sort()];
}

/** @param {string} document */
const read = (document) => fs.readFileSync(path.join(ROOT, document), 'utf8');

/**
 * The fenced blocks of a document.
 * @param {string} document
 * @returns {{document: string, line: number, language: string, code: string}[]}
 */
function blocksOf(document) {
  const blocks = [];
  let open = null;
  for (const [index, text] of read(document).split('\n').entries()) {
    if (!text.startsWith('```')) {
      open?.lines.push(text);
    } else if (open === null) {
      open = { line: index + 1, language: text.slice(3).trim(), lines: [] };
    } else {
      const { line, language, lines } = open;
      blocks.push({ document, line, language, code: `${lines.join('\n')}\n` });
      open = null;
    }
  }
  if (open !== null) throw new Error(`${document}:${open.line}: a block is not closed`);
  return blocks;
}

/** @param {string} document @returns {string} the text without its blocks */
const proseOf = (document) => read(document).replace(/^```[\s\S]*?^```/gm, '');

module.exports = { ROOT, blocksOf, documents, proseOf };
