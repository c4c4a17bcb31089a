/** How much an installed package takes on disk: itself and all that it needs, found as Node finds packages. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param {readonly string[]} folders of installed packages
 * @param {(folder: string) => number | undefined} [sizeOf] of a package whose folder holds more than is published
 * @returns {{ bytes: number, packages: number }} each package once, optional ones that are not there left out
 */
export function installed(folders, sizeOf = () => undefined) {
  const found = new Set();
  const visit = (each) => {
    if (found.has(each)) return;
    found.add(each);
    const {
      dependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
      peerDependenciesMeta = {},
    } = manifestOf(each);
    const optional = new Set([...Object.keys(optionalDependencies), ...Object.keys(peerDependenciesMeta)]);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      // What is optional and there may be there for somebody else.
      if (optional.has(name)) continue;
      const there = find(each, name);
      if (there === undefined) throw new Error(`${each} needs ${name}, which is not installed`);
      visit(realpathSync(there));
    }
  };
  for (const folder of folders) visit(folder);
  const bytes = [...found].reduce((sum, each) => sum + (sizeOf(each) ?? bytesBelow(each)), 0);
  return { bytes, packages: found.size };
}

/** The folder of a package as seen from another, or undefined. */
export function find(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const there = join(folder, 'node_modules', name);
    if (existsSync(join(there, 'package.json'))) return there;
    if (folder === dirname(folder)) return undefined;
  }
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Sizes of the files of one package, those of packages nested in it not counted. */
function bytesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => [entry, join(folder, entry.name)])
    .reduce((sum, [entry, path]) => sum + (entry.isDirectory() ? bytesBelow(path) : statSync(path).size), 0);
}
