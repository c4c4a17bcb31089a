/**
 * What the manifest of each package must say, so that every resolver finds the right files: those of today by `exports`,
 * TypeScript's `node10` and other old ones by `main`, `types` and `typesVersions`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf } from '../arrows/imports.mjs';
import { filesBelow, isSource, packageNames, root } from '../workspace.mjs';
import { repository, repositoryPage } from './repository.mjs';

const published = ['dist/bundle', 'dist/cjs', 'dist/**/*.d.ts', 'src', '!src/**/*.test.ts', '!src/**/fixtures'];
const documents = ['README.md', 'LICENSE', 'CHANGELOG.md'];

/** What an entry of `exports` must be: ES modules for all who can load them, CommonJS for the others, types for each. */
export function entryOf(name) {
  const modules = { types: `./dist/${name}.d.ts`, default: `./dist/bundle/${name}.js` };
  const commonJs = { types: `./dist/cjs/${name}.d.ts`, default: `./dist/cjs/${name}.js` };
  return { 'module-sync': modules, require: commonJs, default: modules };
}

/**
 * @param {string} name of the package's folder
 * @param {Record<string, any>} manifest
 * @param {readonly string[]} imported packages that its sources import by name
 * @returns {string[]} one sentence a problem
 */
export function manifestProblems(name, manifest, imported) {
  const entries = Object.keys(manifest.exports ?? {}).map((entry) => (entry === '.' ? 'index' : entry.slice(2)));
  const subpaths = entries.filter((entry) => entry !== 'index');
  const wanted = {
    name: `@fwk/${name}`,
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    homepage: `${repositoryPage}/tree/main/packages/${name}#readme`,
    repository: { ...repository, directory: `packages/${name}` },
    bugs: `${repositoryPage}/issues`,
    main: entryOf('index').require.default,
    types: entryOf('index').require.types,
    exports: Object.fromEntries(entries.map((entry) => [entry === 'index' ? '.' : `./${entry}`, entryOf(entry)])),
    typesVersions:
      subpaths.length === 0
        ? undefined
        : { '*': Object.fromEntries(subpaths.map((entry) => [entry, [entryOf(entry).require.types]])) },
    files: [...(manifest.bin ? ['bin'] : []), ...published, ...documents],
  };
  // An optional peer may be what the application hands over, so it only says which versions fit.
  const isOptional = (each) => manifest.peerDependenciesMeta?.[each]?.optional === true;
  const own = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
    (each) => !isOptional(each),
  );
  const foreign = Object.entries(manifest.dependencies ?? {}).filter(([each]) => each.startsWith('@fwk/'));
  return [
    ...Object.entries(wanted)
      .filter(([field, value]) => JSON.stringify(manifest[field]) !== JSON.stringify(value))
      .map(([field, value]) => `"${field}" must be ${JSON.stringify(value)}`),
    ...own.filter((each) => !imported.includes(each)).map((each) => `"${each}" is declared, and nothing imports it`),
    ...foreign
      .filter(([, range]) => range !== manifest.version)
      .map(([each, range]) => `"${each}" is wanted as ${range}; all packages share one version, ${manifest.version}`),
  ];
}

/** Problems of all packages, each with its file. */
export function checkManifests() {
  const versions = new Set();
  const problems = packageNames().flatMap((name) => {
    const folder = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    versions.add(manifest.version);
    const missing = documents.filter((file) => !existsSync(join(folder, file)));
    return [
      ...manifestProblems(name, manifest, importedBy(folder)),
      ...missing.map((file) => `${file} is missing`),
    ].map((problem) => `packages/${name}/package.json: ${problem}`);
  });
  if (versions.size > 1) problems.push(`packages have different versions: ${[...versions].join(', ')}`);
  return problems;
}

/** Packages that the sources import, those only for types as well: their declarations are published. */
function importedBy(folder) {
  const files = filesBelow(join(folder, 'src'), isSource);
  const specifiers = files.flatMap((path) => importsOf(readFileSync(path, 'utf8')).map(({ specifier }) => specifier));
  const packages = specifiers
    .filter((specifier) => !/^(?:\.|node:)/.test(specifier))
    .map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(packages)];
}
