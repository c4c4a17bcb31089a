import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { ensureBundled } from './bundle.mjs';
import { filesBelow, isSource, packageNames, root } from './workspace.mjs';

const folders = packageNames().map((name) => join(root, 'packages', name));
const entries = folders.flatMap((folder) =>
  Object.keys(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).exports).map(
    (entry) => [folder, entry === '.' ? 'index' : entry.slice(2)] as const,
  ),
);
const built = (folder: string, form: string) => filesBelow(join(folder, 'dist', form), (path) => path.endsWith('.js'));

beforeAll(() => ensureBundled(), 60_000);

test('each entry exports as CommonJS what it exports as a module, and finds the CommonJS form of the packages below it', async () => {
  const paths = entries.map(([folder, entry]) => [
    `${folder}/dist/cjs/${entry}.js`,
    `${folder}/dist/bundle/${entry}.js`,
  ]);
  const program = `
    const namesOf = (all) => Object.keys(all).filter((name) => name !== 'default' && name !== '__esModule').sort();
    const differ = [];
    (async () => {
      for (const [commonJs, modules] of ${JSON.stringify(paths)}) {
        const names = [namesOf(require(commonJs)), namesOf(await import(modules))].map(String);
        if (names[0] !== names[1]) differ.push({ commonJs, names });
      }
      const loaded = Object.keys(require.cache).filter((path) => path.includes('/packages/'));
      console.log(JSON.stringify({ differ, others: loaded.filter((path) => !path.includes('/dist/cjs/')) }));
    })();`;
  // Where `require` cannot load modules, as in Jest.
  const run = promisify(execFile)(
    process.execPath,
    ['--no-experimental-require-module', '--no-warnings', '-e', program],
    {
      cwd: root,
    },
  );
  expect(JSON.parse((await run).stdout)).toEqual({ differ: [], others: [] });
}, 60_000);

test.each(folders)('in %s every class exists once, and nothing is imported by `import()`', (folder) => {
  const texts = built(folder, 'cjs').map((path) => readFileSync(path, 'utf8'));
  const defined = /^(?:(?:var|const|let) (\w+) = class\b|class (\w+))/gm;
  const classes = texts.flatMap((text) => [...text.matchAll(defined)].map(([, variable, name]) => variable ?? name));
  expect(classes.length).toBeGreaterThan(2);
  expect(classes.filter((name, at) => classes.indexOf(name) !== at)).toEqual([]);
  expect(texts.filter((text) => /\bimport\(["'`]|await import\(/.test(text))).toEqual([]);
});

test.each(folders)('the source maps of %s lead to sources that are published', (folder) => {
  const sources = built(folder, 'bundle').flatMap((path) => {
    const map: { sources: string[] } = JSON.parse(readFileSync(`${path}.map`, 'utf8'));
    return map.sources.map((source) => join(dirname(path), source));
  });
  expect(sources.length).toBeGreaterThan(10);
  const published = (path: string) =>
    existsSync(path) && isSource(path) && !relative(join(folder, 'src'), path).startsWith('..');
  expect(sources.filter((path) => !published(path))).toEqual([]);
});

test('declarations stand beside the CommonJS form, in a folder that says what it is', () => {
  for (const [folder, entry] of entries) expect(existsSync(`${folder}/dist/cjs/${entry}.d.ts`)).toBe(true);
  for (const folder of folders) {
    expect(JSON.parse(readFileSync(join(folder, 'dist/cjs/package.json'), 'utf8'))).toEqual({ type: 'commonjs' });
  }
});
