/** Bundlers: the whole service in a single file, run where there is no node_modules. */
import { program } from '../workshop.mjs';
import { serviceSays } from './typescript.mjs';

const tools = {
  esbuild: '^0.28.0',
  rollup: '^4.50.0',
  '@rollup/plugin-commonjs': '^29.0.0',
  '@rollup/plugin-json': '^6.1.0',
  '@rollup/plugin-node-resolve': '^16.0.0',
  rolldown: '^1.0.0',
  webpack: '^5.100.0',
  bun: '^1.2.0',
  'reflect-metadata': '^0.2.2',
};

/** CommonJS inside an ES module asks for Node's modules by `require`, which esbuild leaves to its user to define. */
const requireBanner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** A build program for each bundler: it reads service.mjs and writes `file`. */
const builds = {
  esbuild: (format, file) => `
    import { build } from 'esbuild';
    await build({
      entryPoints: ['service.mjs'], outfile: '${file}', bundle: true, platform: 'node', target: 'node20', format: '${format}',
      ${format === 'esm' ? `banner: { js: ${JSON.stringify(requireBanner)} },` : ''}
    });`,
  rollup: (format, file) => `
    import { builtinModules } from 'node:module';
    import commonjs from '@rollup/plugin-commonjs';
    import json from '@rollup/plugin-json';
    import resolve from '@rollup/plugin-node-resolve';
    import { rollup } from 'rollup';
    const bundle = await rollup({
      input: 'service.mjs',
      external: [/^node:/, ...builtinModules],
      plugins: [resolve({ preferBuiltins: true }), commonjs({ ignore: ['node:sqlite'] }), json()],
      onwarn: () => {},
    });
    await bundle.write({ file: '${file}', format: '${format}', inlineDynamicImports: true });`,
  rolldown: (format, file) => `
    import { build } from 'rolldown';
    await build({
      input: 'service.mjs', platform: 'node', logLevel: 'silent',
      output: { file: '${file}', format: '${format}', inlineDynamicImports: true },
    });`,
  webpack: (format, file) => `
    import webpack from 'webpack';
    const asModule = ${format === 'esm'};
    webpack({
      entry: './service.mjs', target: 'node20', mode: 'production', optimization: { minimize: false },
      experiments: { outputModule: asModule },
      output: { path: process.cwd(), filename: '${file}', library: { type: asModule ? 'module' : 'commonjs2' }, module: asModule },
      plugins: [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
    }, (error, stats) => {
      if (!error && !stats.hasErrors()) return;
      console.error(error ?? stats.toString({ all: false, errors: true }));
      process.exitCode = 1;
    });`,
};

/** What some need of their user, as the README of @fwk/core says. */
const needs = {
  'esbuild-esm': ', with a banner that defines require',
  'rollup-esm': ', reflect-metadata imported first',
  'rollup-cjs': ', reflect-metadata imported first',
};

function bundlerRow(bundler, format, make) {
  const name = `${bundler}-${format}`;
  return {
    name,
    what: `${bundler}, a single file, ${format === 'esm' ? 'ES module' : 'CommonJS'}${needs[name] ?? ''}`,
    tools,
    async run(project) {
      const file = format === 'esm' ? 'bundle.mjs' : 'bundle.cjs';
      // Rollup runs what is imported late at the start, and tsyringe asks for Reflect's metadata.
      const first = bundler === 'rollup' ? "import 'reflect-metadata';\n" : '';
      project.write({ 'service.mjs': first + program('service.mjs') });
      await make(project, format, file);
      const away = project.copyAway([file, 'app.yaml']);
      await project.node([file], { cwd: away, says: serviceSays });
    },
  };
}

export const bundlerRows = [
  ...Object.entries(builds).flatMap(([bundler, build]) =>
    ['esm', 'cjs'].map((format) =>
      bundlerRow(bundler, format, async (project, asked, file) => {
        project.write({ 'build.mjs': build(asked, file) });
        await project.node(['build.mjs']);
      }),
    ),
  ),
  ...['esm', 'cjs'].map((format) =>
    bundlerRow('bun', format, async (project, asked, file) => {
      const args = ['build', 'service.mjs', '--target=node', `--format=${asked}`, `--outfile=${file}`];
      await project.run(project.bin('bun'), args);
    }),
  ),
];
