'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { compile } = require('../support/compile');
const { createProject } = require('../support/project');

const SOURCES = fs.readdirSync(__dirname).filter((name) => /\.[cm]ts$/.test(name));

// The compiler reads all of Mongoose's declarations, which takes its time on a busy machine.
jest.setTimeout(120_000);

describe.each(['mongoose', 'mongoose8'])('typings beside %s', (mongoose) => {
  const project = createProject({ mongoose });
  afterAll(project.remove);

  test('every example compiles, and every mistake is found', () => {
    for (const name of SOURCES) project.write(name, fs.readFileSync(path.join(__dirname, name), 'utf8'));
    expect(compile(project.directory, SOURCES)).toBe('');
  });
});
