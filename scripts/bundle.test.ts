import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ensureBundled } from './bundle.mjs';
import { packageNames, root } from './workspace.mjs';

const program = `
const wrong = [];
for (const url of process.argv.slice(1)) {
  for (const [name, value] of Object.entries(await import(url))) {
    if (typeof value === 'function' && /^class\\b/.test(String(value)) && value.name !== name) wrong.push(name + ' is ' + value.name);
  }
}
console.log(JSON.stringify(wrong));
`;

test('classes keep their names when modules are joined, since errors are printed with them', async () => {
  await ensureBundled();
  const urls = packageNames().map((name) => pathToFileURL(join(root, 'packages', name, 'dist/bundle/index.js')).href);
  const run = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, ...urls]);
  expect(JSON.parse(run.stdout)).toEqual([]);
}, 60_000);

/** A file and all that it imports of its own package before it runs. */
function filesOf(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, file] of readFileSync(path, 'utf8').matchAll(/^(?:import .*|\} from )"(\.\.?\/[^"]+)";$/gm))
    filesOf(join(dirname(path), String(file)), found);
  return found;
}

test('a package is imported from two files at most, whatever else it exports', async () => {
  await ensureBundled();
  const counts = packageNames().map((name) => [
    name,
    filesOf(join(root, 'packages', name, 'dist/bundle/index.js')).size,
  ]);
  expect(counts.filter(([, count]) => Number(count) > 2)).toEqual([]);
}, 60_000);

test('a package exports as a bundle all that its modules export', async () => {
  await ensureBundled();
  const exported = (name: string, file: string) =>
    `Object.keys(await import(${JSON.stringify(pathToFileURL(join(root, 'packages', name, file)).href)}))`;
  const pairs = packageNames().map(
    (name) => `[${exported(name, 'dist/index.js')}, ${exported(name, 'dist/bundle/index.js')}]`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    `console.log(JSON.stringify([${pairs.join(', ')}]))`,
  ]);
  for (const [modules, bundle] of JSON.parse(stdout)) expect(bundle).toEqual(modules);
}, 60_000);
