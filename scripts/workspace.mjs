/** Where things stand in this repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, without a slash at the end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

/** The names of the packages that have sources: `kernel`, `core`, … */
export function packageNames() {
  return readdirSync(join(root, 'packages'))
    .filter((name) => existsSync(join(root, 'packages', name, 'src/index.ts')))
    .sort();
}

/**
 * Paths of all files below `folder` that `wanted` accepts, in a stable order.
 * @param {string} folder
 * @param {(path: string) => boolean} [wanted]
 * @returns {string[]}
 */
export function filesBelow(folder, wanted = () => true) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => wanted(path))
    .sort();
}

/** The texts of all TypeScript sources that are shipped, by package and in a stable order. */
export function shippedTexts() {
  const textsOf = (name) =>
    filesBelow(join(root, 'packages', name, 'src'), isSource).map((path) => readFileSync(path, 'utf8'));
  return Object.fromEntries(packageNames().map((name) => [name, textsOf(name)]));
}

/** True for a TypeScript source that is shipped: not a test, not a fixture of one. */
export function isSource(path) {
  return (
    path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.endsWith('.test.ts') && !/[/\\]fixtures[/\\]/.test(path)
  );
}
