import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { find, installed } from './installed.mjs';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'fwk-installed-')));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Puts a package where it is said, with one file of this many bytes beside its manifest. @returns its bytes in all */
function put(path: string, bytes: number, manifest: object = {}): number {
  const text = JSON.stringify(manifest);
  mkdirSync(join(root, path, 'lib'), { recursive: true });
  writeFileSync(join(root, path, 'package.json'), text);
  writeFileSync(join(root, path, 'lib/index.js'), 'x'.repeat(bytes));
  return text.length + bytes;
}

test('a package counts with all that it needs, each once, nested ones as theirs', () => {
  const sizes = [
    put('node_modules/a', 10, { dependencies: { b: '1', c: '1' } }),
    put('node_modules/b', 20, { dependencies: { c: '2' } }),
    put('node_modules/b/node_modules/c', 40, { dependencies: { a: '1' } }),
    put('node_modules/c', 80),
  ];
  put('node_modules/other', 160);
  const bytes = sizes.reduce((sum, size) => sum + size);
  expect(installed([find(root, 'a')!])).toEqual({ bytes, packages: 4 });
});

test('what is optional is left out, and what is needed and missing is an error', () => {
  const size = put('node_modules/a', 10, {
    optionalDependencies: { gone: '1' },
    peerDependencies: { b: '1' },
    peerDependenciesMeta: { b: { optional: true } },
  });
  expect(installed([find(root, 'a')!])).toEqual({ bytes: size, packages: 1 });
  put('node_modules/d', 1, { dependencies: { gone: '1' } });
  expect(() => installed([find(root, 'd')!])).toThrow(/needs gone, which is not installed/);
});

test('a package whose folder holds more than is published counts as it says', () => {
  put('node_modules/a', 1000);
  expect(installed([find(root, 'a')!], () => 7)).toEqual({ bytes: 7, packages: 1 });
});
