const { POOL_OPTIONS, WRAPPER_OPTIONS } = require('../../lib/wrapper/options');
const { compile } = require('../support/compile');
const { createProject } = require('../support/project');

const project = createProject({ mongoose: 'mongoose', files: ['index.d.ts', 'index.d.mts'] });
afterAll(project.remove);

const union = (names) => names.map((name) => JSON.stringify(name)).join(' | ') || 'never';
const usable = (table) => table.filter(({ kind }) => kind === 'own' || kind === 'driver').map(({ name }) => name);

/**
 * Compares the keys of a type with a list of names; the compiler's message names what one of them lacks.
 * @param {string} type
 * @param {string[]} names
 */
function compareKeys(type, names) {
  const file = project.write(
    'agreement.mts',
    `import PolyMongo from 'polymongo';
type Declared = ${type};
type Real = ${union(names)};
const undeclared: Exclude<Real, Declared> extends never ? null : Exclude<Real, Declared> = null;
const unreal: Exclude<Declared, Real> extends never ? null : Exclude<Declared, Real> = null;
export { undeclared, unreal };
`,
  );
  return compile(project.directory, [file]);
}

test.each([
  ['WrapperOptions', WRAPPER_OPTIONS],
  ['DedicatedPoolOptions', POOL_OPTIONS],
])('%s has every option of the table and no other', (type, table) => {
  expect(compareKeys(`keyof PolyMongo.${type}`, usable(table))).toBe('');
});
