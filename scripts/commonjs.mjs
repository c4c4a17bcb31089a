/**
 * The CommonJS form of a package, in dist/cjs, for those who cannot load ES modules: Jest as it is set up by default, and
 * TypeScript that looks for packages as Node 10 did. Each file of the bundle is translated by itself, so that here too every
 * class exists once, and the types are copied, since in a folder of CommonJS TypeScript takes them for those of CommonJS. It
 * has no source maps: those who load it do not read them, and they would be a quarter of it.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { filesBelow } from './workspace.mjs';

/**
 * @param build - esbuild's.
 * @param folder - of the package; its dist/bundle is there already.
 * @param options.target - the oldest Node that has to run it.
 */
export async function writeCommonJs(build, folder, { target }) {
  const [dist, bundle, cjs] = ['dist', 'dist/bundle', 'dist/cjs'].map((path) => join(folder, path));
  const modules = filesBelow(bundle, (path) => path.endsWith('.js') && !path.startsWith(join(bundle, 'cli')));
  const types = filesBelow(dist, (path) => path.endsWith('.d.ts') && !path.startsWith(join(cjs, '/')));
  await build({
    entryPoints: modules,
    outbase: bundle,
    outdir: cjs,
    format: 'cjs',
    platform: 'node',
    target,
    // Jest runs CommonJS where `import()` is refused: what is imported late is required late.
    supported: { 'dynamic-import': false },
    logLevel: 'warning',
  });
  for (const path of types) {
    const copy = join(cjs, relative(dist, path));
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(path, copy);
  }
  writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
  const made = new Set([
    join(cjs, 'package.json'),
    ...modules.map((path) => join(cjs, relative(bundle, path))),
    ...types.map((path) => join(cjs, relative(dist, path))),
  ]);
  for (const path of filesBelow(cjs, (path) => !made.has(path))) rmSync(path, { force: true });
}
