/** Compilers of TypeScript: what they make of decorators, and how they find our types. */
import { RowFailure } from '../command.mjs';
import { program } from '../workshop.mjs';

const tools = {
  typescript: '~5.9.0',
  'typescript-oldest': 'npm:typescript@~5.4.0',
  'typescript-newest': 'npm:typescript@^7.0.0',
  '@types/node': '^22.0.0',
  tsx: '^4.20.0',
  '@swc/core': '^1.13.0',
};

export const serviceSays = 'the service says: Hello matrix';
const tillSays = 'the till says: 7';
const legacy = { experimentalDecorators: true };
const metadata = { experimentalDecorators: true, emitDecoratorMetadata: true };

/** Imports one name of each subpath, to see that their types are found. */
const subpaths = `
import { anInstance } from '@fwk/discovery/testing';
import { consulRegistry } from '@fwk/discovery/consul';
import { fakeClock } from '@fwk/kernel/testing';
import { redisIdempotencyStore } from '@fwk/http/redis';
const made: string[] = [anInstance, consulRegistry, fakeClock, redisIdempotencyStore].map((each) => typeof each);
console.log(made.join());
`;

function tsconfig(files, compilerOptions) {
  const common = { target: 'ES2022', module: 'NodeNext', strict: true, outDir: 'out', rootDir: '.', types: ['node'] };
  return { compilerOptions: { ...common, skipLibCheck: true, ...compilerOptions }, files };
}

/** A row that compiles both programs by tsc and runs them with Node. */
function tscRow({ name, what, compilerOptions, tool = 'typescript', type = 'module', byType = true }) {
  return {
    name,
    what,
    tools,
    async run(project) {
      project.write({
        'package.json': { private: true, type },
        'service.ts': program('service.ts'),
        'by-type.ts': program('by-type.ts'),
        'subpaths.ts': subpaths,
        'tsconfig.json': tsconfig(['service.ts', 'by-type.ts', 'subpaths.ts'], compilerOptions),
      });
      await project.tool(tool, ['-p', '.'], { name: 'tsc' });
      await project.node(['out/service.js'], { says: serviceSays });
      await project.node(['out/subpaths.js'], { says: 'function,function,function,function' });
      if (byType) await project.node(['out/by-type.js'], { says: tillSays });
      else await refusesByType(project, ['out/by-type.js']);
    },
  };
}

/** Without emitted types a constructor cannot be filled, and the error must say so. */
async function refusesByType(project, args) {
  try {
    await project.node(args);
  } catch (error) {
    if (error instanceof RowFailure && error.output.includes('FWK_CORE_PARAMETERS_UNKNOWN')) return;
    throw error;
  }
  throw new RowFailure('a constructor was filled by type, though no types were emitted');
}

export const typescriptRows = [
  tscRow({ name: 'tsc-legacy-metadata', what: 'tsc 5.9, legacy decorators with metadata', compilerOptions: metadata }),
  tscRow({
    name: 'tsc-legacy',
    what: 'tsc 5.9, legacy decorators without metadata',
    compilerOptions: legacy,
    byType: false,
  }),
  tscRow({ name: 'tsc-standard', what: 'tsc 5.9, standard decorators', compilerOptions: {}, byType: false }),
  tscRow({
    name: 'tsc-oldest',
    what: 'tsc 5.4, legacy decorators with metadata',
    compilerOptions: metadata,
    tool: 'typescript-oldest',
  }),
  tscRow({
    name: 'tsc-newest',
    what: 'tsc 7, legacy decorators with metadata',
    compilerOptions: metadata,
    tool: 'typescript-newest',
  }),
  tscRow({
    name: 'tsc-lib-check',
    what: 'tsc 5.9, our declarations checked too (skipLibCheck: false)',
    compilerOptions: { ...metadata, skipLibCheck: false },
  }),
  tscRow({
    name: 'tsc-commonjs-node10',
    what: 'CommonJS TypeScript, moduleResolution node10',
    compilerOptions: { ...metadata, module: 'CommonJS', moduleResolution: 'node10', esModuleInterop: true },
    type: 'commonjs',
  }),
  tscRow({
    name: 'tsc-commonjs-node16',
    what: 'CommonJS TypeScript, module Node16',
    compilerOptions: { ...metadata, module: 'Node16' },
    type: 'commonjs',
  }),
  tscRow({
    name: 'tsc-bundler',
    what: 'tsc 5.9, moduleResolution bundler',
    compilerOptions: { ...metadata, module: 'ESNext', moduleResolution: 'bundler' },
  }),
  {
    name: 'tsx',
    what: 'tsx (esbuild), ES modules and CommonJS',
    tools,
    async run(project) {
      for (const type of ['module', 'commonjs']) {
        project.write({
          'package.json': { private: true, type },
          'service.ts': program('service.ts'),
          'by-type.ts': program('by-type.ts'),
          'tsconfig.json': tsconfig(['service.ts'], legacy),
        });
        await project.tool('tsx', ['service.ts'], { says: serviceSays });
        await refusesByType(project, [project.bin('tsx'), 'by-type.ts']);
      }
    },
  },
  {
    name: 'swc',
    what: 'swc, legacy decorators with metadata, ES modules and CommonJS',
    tools,
    async run(project) {
      for (const type of ['es6', 'commonjs']) {
        const options = {
          module: { type },
          jsc: {
            target: 'es2022',
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true },
          },
        };
        project.write({
          'package.json': { private: true, type: type === 'es6' ? 'module' : 'commonjs' },
          'service.ts': program('service.ts'),
          'by-type.ts': program('by-type.ts'),
          'build.mjs': `
            import { writeFileSync } from 'node:fs';
            import { transformFileSync } from '@swc/core';
            for (const name of ['service', 'by-type'])
              writeFileSync(name + '.js', transformFileSync(name + '.ts', ${JSON.stringify(options)}).code);
          `,
        });
        await project.node(['build.mjs']);
        await project.node(['service.js'], { says: serviceSays });
        await project.node(['by-type.js'], { says: tillSays });
      }
    },
  },
];
