import { execFile } from 'node:child_process';
import { join } from 'node:path';
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
