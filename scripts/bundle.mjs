/**
 * Joins the modules of each package into one file an entry. Node takes about half a millisecond to find, read and link a
 * module, and a service needs two hundred of ours before it can answer: joined they import in a quarter of the time. What
 * several entries share, or is imported late, stays a file of its own, so every class exists once.
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, packageNames, root } from './workspace.mjs';

/** Bundles the packages whose modules are newer than their bundle. */
export async function ensureBundled() {
  const outdated = packageNames().filter(isOutdated);
  if (outdated.length === 0) return;
  const { build } = await import('esbuild');
  await Promise.all(outdated.map((name) => bundle(build, name)));
}

async function bundle(build, name) {
  const folder = join(root, 'packages', name);
  rmSync(join(folder, 'dist/bundle'), { recursive: true, force: true });
  await build({
    entryPoints: entriesOf(folder),
    outdir: join(folder, 'dist/bundle'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  });
}

/** The modules tsc emitted for the entries in a manifest's `exports`. */
function entriesOf(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(exports).map((entry) => join(folder, entry.default.replace('/bundle/', '/')));
}

function isOutdated(name) {
  const dist = join(root, 'packages', name, 'dist');
  const made = filesBelow(join(dist, 'bundle')).map(timeOf);
  const emitted = filesBelow(dist, (path) => path.endsWith('.js') && !path.includes('/bundle/')).map(timeOf);
  return made.length === 0 || Math.max(...emitted) > Math.min(...made);
}

function timeOf(path) {
  return statSync(path).mtimeMs;
}
