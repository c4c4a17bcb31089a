/**
 * Joins the modules of each package into one file an entry. Node takes about half a millisecond to find, read and link a
 * module, and a service needs two hundred of ours before it can answer: joined they import in a quarter of the time. What
 * several entries share, or is imported late, stays a file of its own, so every class exists once. What is joined is then
 * translated to CommonJS as well.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeCommonJs } from './commonjs.mjs';
import { filesBelow, packageNames, root } from './workspace.mjs';

const target = 'node20.19';

/** Bundles the packages whose modules are newer than their bundle. */
export async function ensureBundled() {
  const outdated = packageNames().filter(isOutdated);
  if (outdated.length === 0) return;
  const { build } = await import('esbuild');
  await Promise.all(outdated.map((name) => bundle(build, name)));
}

/** Writes over what is there and then tidies up, so that programs which start meanwhile always find something. */
async function bundle(build, name) {
  const folder = join(root, 'packages', name);
  const outdir = join(folder, 'dist/bundle');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entriesOf(folder),
    outdir,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    sourcemap: true,
    sourcesContent: false, // the sources are published
    packages: 'external',
    logLevel: 'warning',
    // The import of `index` that `joined` adds only decides what goes into which file.
    logOverride: { 'ignored-bare-import': 'silent' },
    plugins: [joined(folder)],
  });
  const written = new Set(Object.keys(metafile.outputs).map((path) => join(root, path)));
  for (const path of filesBelow(outdir, (path) => !written.has(path))) rmSync(path, { force: true });
  for (const entry of entriesOf(folder)) keepStars(entry, join(outdir, relative(join(folder, 'dist'), entry)));
  await writeCommonJs(build, folder, { target });
  writeFileSync(stampOf(name), '');
}

/**
 * esbuild makes a file for each set of entries that share modules: `index` of one package came in eleven, most of them tiny.
 * With this plugin every other entry, and each module that is imported late, imports `index` too. So all share what `index`
 * needs, and that becomes one file.
 */
function joined(folder) {
  const index = join(folder, 'dist/index.js');
  const others = new Set(entriesOf(folder).filter((path) => path !== index));
  return {
    name: 'joined',
    setup(builder) {
      builder.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) =>
        kind === 'dynamic-import' ? { path: join(resolveDir, path), namespace: 'joined' } : undefined,
      );
      builder.onResolve({ filter: /./ }, ({ kind, path }) =>
        kind === 'entry-point' && others.has(path) ? { path, namespace: 'joined' } : undefined,
      );
      builder.onLoad({ filter: /./, namespace: 'joined' }, ({ path }) => ({
        contents: `import ${JSON.stringify(index)}; export * from ${JSON.stringify(path)};`,
        resolveDir: folder,
      }));
    },
  };
}

/** esbuild forgets what an entry exports of another package by a star, where it moves the entry into a shared file. */
function keepStars(entry, bundled) {
  const stars = readFileSync(entry, 'utf8').match(/^export \* from '@[^']+';$/gm) ?? [];
  const text = readFileSync(bundled, 'utf8');
  const lost = stars.map((star) => star.replaceAll("'", '"')).filter((star) => !text.includes(star));
  // Below the code, whose lines the source map counts, and above the comment that names the map.
  if (lost.length > 0)
    writeFileSync(bundled, text.replace(/(?=\/\/# sourceMappingURL=.*\s*$)/, `${lost.join('\n')}\n`));
}

/** Its time is that of the last bundling. */
function stampOf(name) {
  return join(root, 'packages', name, 'dist/.bundled');
}

/** The modules tsc emitted for the entries in a manifest's `exports`, and for what the program in its `bin` runs. */
function entriesOf(folder) {
  const { exports, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const modules = Object.values(exports).map((entry) => entry.default.default.replace('/bundle/', '/'));
  if (bin) modules.push('dist/cli/main.js');
  return modules.map((path) => join(folder, path));
}

/** True when something that a bundle is made of, or according to, is newer than it. */
function isOutdated(name) {
  const folder = join(root, 'packages', name);
  const emitted = filesBelow(
    join(folder, 'dist'),
    (path) => /\.d\.ts$|\.js$/.test(path) && !/[/\\](bundle|cjs)[/\\]/.test(path),
  );
  const tools = ['bundle.mjs', 'commonjs.mjs'].map((file) => join(root, 'scripts', file));
  const made = [...emitted, join(folder, 'package.json'), ...tools];
  return !existsSync(stampOf(name)) || Math.max(...made.map(timeOf)) > timeOf(stampOf(name));
}

function timeOf(path) {
  return statSync(path).mtimeMs;
}
