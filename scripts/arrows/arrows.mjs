/**
 * Who may import whom. Four rules, each with a message that says what to do:
 * packages follow the arrows below; everything imported is declared; inside a package a folder imports only what stands
 * below it in the package's README map; files do not import each other in a circle.
 */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path/posix';
import { filesBelow, isSource, packageNames, root } from '../workspace.mjs';
import { shortestCycle, tangles } from './cycles.mjs';
import { importsOf } from './imports.mjs';

/** The packages each package may import. */
export const packageArrows = Object.freeze({
  kernel: [],
  core: ['kernel'],
  config: ['kernel'],
  resilience: ['kernel'],
  discovery: ['kernel'],
  mux: ['kernel'],
  create: ['kernel'],
  http: ['kernel', 'core', 'resilience', 'discovery', 'mux'],
});

/**
 * @typedef {object} SourceFile
 * @property {string} path below the package's src, with forward slashes: `live/live.ts`
 * @property {string} text
 */
/**
 * @typedef {object} SourcePackage
 * @property {string} name without the scope: `kernel`
 * @property {readonly string[]} dependencies what its manifest declares for run time
 * @property {string} readme
 * @property {readonly SourceFile[]} files shipped files and tests
 */

/**
 * @param {readonly SourcePackage[]} packages
 * @returns {string[]} one sentence a problem; empty when all is well
 */
export function checkArrows(packages) {
  return packages.flatMap((made) => {
    const files = made.files.map((file) => ({ ...file, imports: importsOf(file.text) }));
    const shipped = files.filter(({ path }) => !path.endsWith('.test.ts'));
    return [
      ...files.flatMap((file) => outsideProblems(made, file)),
      ...folderProblems(made, shipped),
      ...cycleProblems(made, shipped),
    ];
  });
}

/**
 * The folders (`live/`) and files (`policy.ts`) of the map in a README, top first: the first cell of each table row
 * below the heading "Map". Names that share a row stand beside each other and may use each other.
 * @param {string} readme
 * @returns {string[][]}
 */
export function readMap(readme) {
  const section = /^#+ .*\bmap\b.*$([\s\S]*?)(?=^#+ |(?![\s\S]))/im.exec(readme)?.[1] ?? '';
  return [...section.matchAll(/^\|([^|]*)\|/gm)]
    .map(([, cell]) => [...cell.matchAll(/`([\w./-]+(?:\/|\.ts))`/g)].map(([, name]) => name.replace(/^src\//, '')))
    .filter((names) => names.length > 0);
}

/** Reads the packages of this repository. @returns {SourcePackage[]} */
export function readPackages() {
  return packageNames().map((name) => {
    const folder = join(root, 'packages', name);
    const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(readText(join(folder, 'package.json')));
    return {
      name,
      dependencies: Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }),
      readme: readText(join(folder, 'README.md')),
      files: filesBelow(join(folder, 'src'), (path) => isSource(path) || path.endsWith('.test.ts')).map((path) => ({
        path: relative(join(folder, 'src'), path),
        text: readText(path),
      })),
    };
  });
}

function outsideProblems(made, file) {
  return file.imports
    .filter(({ specifier }) => !specifier.startsWith('.'))
    .flatMap(({ specifier, line }) => {
      const problem = outsideProblem(made, file, specifier);
      return problem ? [`${placeOf(made, file.path, line)} ${problem}`] : [];
    });
}

function outsideProblem({ name, dependencies }, { path }, specifier) {
  if (specifier.startsWith('node:')) return undefined;
  if (builtinModules.includes(specifier)) return `imports '${specifier}': write 'node:${specifier}'`;
  const wanted = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const isTest = path.endsWith('.test.ts');
  if (wanted.startsWith('@fwk/')) {
    const other = wanted.slice('@fwk/'.length);
    if (other === name && !isTest) return `imports its own package by name: use a relative path`;
    const allowed = packageArrows[name] ?? [];
    if (other !== name && !allowed.includes(other)) {
      return `imports ${wanted}, but ${name} may import ${allowed.join(', ') || 'no other package'}: move the code, or add a seam to the kernel`;
    }
    if (!isTest && !isTestKit(path) && specifier.endsWith('/testing')) {
      return `imports ${specifier}: test kits are for tests and for testing/ folders`;
    }
  }
  if (isTest || wanted === `@fwk/${name}` || dependencies.includes(wanted)) return undefined;
  return `imports ${wanted}, which packages/${name}/package.json does not declare`;
}

function folderProblems(made, files) {
  const map = readMap(made.readme);
  if (map.length === 0)
    return [`packages/${made.name}/README.md has no map: add a table of the folders under "## Map"`];
  const missing = new Set(files.map(({ path }) => path).filter((path) => path.includes('/') && levelOf(map, path) < 0));
  return [
    ...[...new Set([...missing].map((path) => path.split('/')[0]))].map(
      (folder) => `packages/${made.name}/README.md: the map does not say where ${folder}/ stands`,
    ),
    ...files.flatMap(({ path, imports }) =>
      insideImports(path, imports).flatMap(({ target, line }) => {
        const [from, to] = [entryOf(map, path), entryOf(map, target)];
        if (from === undefined || to === undefined || levelOf(map, path) <= levelOf(map, target)) return [];
        const why = `imports ${target}, but ${to} does not stand below ${from} in the README map`;
        return [`${placeOf(made, path, line)} ${why}: move what is shared further down`];
      }),
    ),
  ];
}

function cycleProblems(made, files) {
  const graphOf = (wanted) =>
    new Map(
      files.map(({ path, imports }) => [
        path,
        new Set(insideImports(path, imports.filter(wanted)).map(({ target }) => target)),
      ]),
    );
  const values = graphOf(({ typeOnly }) => !typeOnly);
  const all = graphOf(() => true);
  const show = (graph, tangle) => shortestCycle(graph, tangle).join(' → ');
  const inValues = tangles(values);
  const known = new Set(inValues.flat());
  return [
    ...inValues.map(
      (tangle) => `packages/${made.name}/src: files import each other in a circle: ${show(values, tangle)}`,
    ),
    ...tangles(all)
      .filter((tangle) => new Set(tangle.map(dirname)).size > 1 && !tangle.some((path) => known.has(path)))
      .map((tangle) => `packages/${made.name}/src: folders know each other’s types in a circle: ${show(all, tangle)}`),
  ];
}

function insideImports(path, imports) {
  return imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, line }) => ({ target: join(dirname(path), specifier).replace(/\.js$/, '.ts'), line }));
}

/** The entry of the map a file belongs to: itself, or the nearest folder above it that is listed. */
function entryOf(map, path) {
  const names = map.flat();
  const folders = path.split('/').slice(0, -1);
  const candidates = [path, ...folders.map((_, index) => `${folders.slice(0, folders.length - index).join('/')}/`)];
  return candidates.find((name) => names.includes(name));
}

function levelOf(map, path) {
  const entry = entryOf(map, path);
  return map.findIndex((names) => entry !== undefined && names.includes(entry));
}

function isTestKit(path) {
  return path === 'testing.ts' || path.startsWith('testing/');
}

function placeOf({ name }, path, line) {
  return `packages/${name}/src/${path}:${line}`;
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
