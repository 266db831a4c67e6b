const polymongo = require('../../index');

test('the module is the class, under each of its names', () => {
  expect(polymongo.default).toBe(polymongo);
  expect(polymongo.PolyMongo).toBe(polymongo);
  expect(polymongo.PolyMongoWrapper).toBe(polymongo);
  expect(polymongo.Types).toEqual({});
  const wrapper = polymongo.createWrapper({ mongoURI: 'mongodb://127.0.0.1:1', handleSignals: false });
  expect(wrapper).toBeInstanceOf(polymongo);
  expect(new polymongo({ mongoURI: 'mongodb://127.0.0.1:1', handleSignals: false })).toBeInstanceOf(
    polymongo,
  );
});

test('what is imported by name is what is required', async () => {
  // Jest runs these files as CommonJS without dynamic import: a process of its own looks.
  const { execFileSync } = require('node:child_process');
  const script = `
    import PolyMongo, * as names from './index.mjs';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('./index.js');
    const same = Object.keys(names).filter((name) => name !== 'default' && names[name] === required[name]);
    console.log(JSON.stringify({ same, default: PolyMongo === required && names.default === required }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: require('node:path').join(__dirname, '../..'),
  });
  expect(JSON.parse(output)).toEqual({
    same: ['PolyMongo', 'PolyMongoError', 'PolyMongoWrapper', 'Types', 'createWrapper'],
    default: true,
  });
});
