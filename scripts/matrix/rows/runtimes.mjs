/** Runtimes: each supported Node, Bun and Deno, over one install of npm. */
import { join } from 'node:path';
import { asCommonJs, program } from '../workshop.mjs';
import { serviceSays } from './typescript.mjs';

const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
/** Those that are supported, and one that is not, which bad-input.mjs tries. */
const nodes = [
  ['18', '^18.0.0'],
  ['20.19', '20.19.0'],
  ['20', '^20.19.0'],
  ['22', '^22.0.0'],
  ['24', '^24.0.0'],
  ['26', '^26.0.0'],
];

/** The binaries of Node are packages of the registry, one a platform. */
export const runtimeTools = {
  ...Object.fromEntries(nodes.map(([name, range]) => [`node-${name}`, `npm:node-${platform}@${range}`])),
  bun: '^1.2.0',
  deno: '^2.4.0',
};

export function writePrograms(project) {
  project.write({
    'service.mjs': program('service.mjs'),
    'service.cjs': asCommonJs(program('service.mjs')),
    // Types to strip, and no decorators.
    'service.mts': program('service.mjs').replace('async (name) =>', 'async (name: string): Promise<string> =>'),
    'decorated.mts': program('service.ts'),
  });
}

export const nodeOf = (project, name) => join(project.folder, `../node_modules/node-${name}/bin/node`);

function nodeRow(version) {
  return {
    name: `node-${version}`,
    what: `Node ${version}: import and require`,
    tools: runtimeTools,
    async run(project) {
      writePrograms(project);
      for (const file of ['service.mjs', 'service.cjs'])
        await project.node([file], { node: nodeOf(project, version), says: serviceSays });
    },
  };
}

export const runtimeRows = [
  {
    name: 'plain-esm',
    what: 'plain JavaScript, ES modules, the Node that runs this',
    tools: {},
    async run(project) {
      writePrograms(project);
      await project.node(['service.mjs'], { says: serviceSays });
    },
  },
  {
    name: 'plain-require',
    what: 'plain JavaScript, require(), the Node that runs this',
    tools: {},
    async run(project) {
      writePrograms(project);
      await project.node(['service.cjs'], { says: serviceSays });
    },
  },
  ...nodes.slice(1).map(([name]) => nodeRow(name)),
  {
    name: 'type-stripping',
    what: 'Node 24 strips the types itself; no decorators',
    tools: runtimeTools,
    async run(project) {
      writePrograms(project);
      await project.node(['service.mts'], { node: nodeOf(project, 24), says: serviceSays });
    },
  },
  {
    name: 'type-stripping-decorators',
    what: 'Node 24 strips the types of decorated classes',
    gap: 'Node’s type stripping knows no decorators; use functions, or a compiler',
    tools: runtimeTools,
    async run(project) {
      writePrograms(project);
      await project.node(['decorated.mts'], { node: nodeOf(project, 24), says: serviceSays });
    },
  },
  {
    name: 'bun',
    what: 'Bun runs the service, TypeScript and JavaScript',
    tools: runtimeTools,
    async run(project) {
      writePrograms(project);
      project.write({ 'tsconfig.json': { compilerOptions: { experimentalDecorators: true } } });
      for (const file of ['service.mjs', 'service.cjs', 'decorated.mts'])
        await project.run(project.bin('bun'), [file], { says: serviceSays });
    },
  },
  {
    name: 'deno',
    what: 'Deno runs the service in plain JavaScript',
    tools: runtimeTools,
    async run(project) {
      writePrograms(project);
      await project.tool('deno', ['run', '--allow-all', '--node-modules-dir=manual', 'service.mjs'], {
        says: serviceSays,
      });
    },
  },
];
