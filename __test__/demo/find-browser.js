'use strict';

const fs = require('node:fs');
const path = require('node:path');

/** The browser that a test drives: the one CHROME_PATH names, else Debian's chromium. */
function findBrowser() {
  if (process.env.CHROME_PATH) return process.env.CHROME_PATH;
  const found = (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((directory) => path.join(directory, 'chromium'))
    .find((file) => fs.existsSync(file));
  if (found) return found;
  throw new Error(
    'The test of the page needs a browser and found none: set CHROME_PATH to a Chrome or Chromium, ' +
      'or install one (apt-get install -y chromium)',
  );
}

module.exports = { findBrowser };
