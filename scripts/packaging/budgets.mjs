/** What a package costs its users, counted and not timed: what its import reads, and what is published. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesBelow, isSource, root } from '../workspace.mjs';

const imports = /^(?:import |export |\} from )(?:[^'"\n]* from )?"([^"]+)";$/gm;

/**
 * @param {string} name of the package's folder; its bundle must be there
 * @param {string} [entry] of its exports
 * @returns {{ bytes: number, files: number, foreign: string[] }} of our own files that `import` reads before it resolves, those of
 * our other packages included; `foreign` are the packages of others among them
 */
export function importCost(name, entry = 'index') {
  const files = new Set();
  const foreign = new Set();
  const visit = (path) => {
    if (files.has(path)) return;
    files.add(path);
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(imports)) {
      if (specifier.startsWith('.')) visit(join(dirname(path), specifier));
      else if (specifier.startsWith('@fwk/')) visit(bundleOf(...specifier.slice('@fwk/'.length).split('/')));
      else if (!specifier.startsWith('node:')) foreign.add(specifier);
    }
  };
  visit(bundleOf(name, entry));
  const bytes = [...files].reduce((sum, path) => sum + statSync(path).size, 0);
  return { bytes, files: files.size, foreign: [...foreign].sort() };
}

/** Bytes of all files that are published of a package, those of its documents aside. */
export function publishedBytes(name) {
  const folder = join(root, 'packages', name);
  const built = ['dist/bundle', 'dist/cjs'].flatMap((part) => filesBelow(join(folder, part)));
  const types = filesBelow(
    join(folder, 'dist'),
    (path) => path.endsWith('.d.ts') && !path.startsWith(join(folder, 'dist/cjs')),
  );
  const sources = filesBelow(join(folder, 'src'), isSource);
  return [...built, ...types, ...sources].reduce((sum, path) => sum + statSync(path).size, 0);
}

function bundleOf(name, entry = 'index') {
  return join(root, 'packages', name, 'dist/bundle', `${entry}.js`);
}
