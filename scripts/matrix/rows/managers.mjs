/** Package managers, each in an empty project of its own: what they let a package find, and what they refuse. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageNames, root } from '../../workspace.mjs';
import { program } from '../workshop.mjs';
import { serviceSays } from './typescript.mjs';

const tools = { pnpm: '^10.0.0', yarn: '^1.22.22', '@yarnpkg/cli-dist': '^4.9.0' };
const limitMs = 300_000;

/** The registry that npm is configured with, for those who do not read its configuration. */
async function registryOf(project) {
  return (await project.run('npm', ['config', 'get', 'registry'])).trim();
}

/** A row that installs in an empty folder, by `install`, and runs the service there. */
function managerRow(name, what, install) {
  return {
    name,
    what,
    tools,
    async run(toolbox) {
      const project = toolbox.workshop.emptyProject(`${name}-project`);
      const dependencies = { ...toolbox.workshop.dependencies(project.folder), zod: '^4.6.0' };
      project.write({ 'service.mjs': program('service.mjs') });
      const runWith = await install({ project, toolbox, dependencies });
      await runWith(['service.mjs']);
    },
  };
}

/** Packages that a package needs of ours, itself included, outermost first. */
export function closureOf(name) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  const ours = Object.keys(dependencies).filter((each) => each.startsWith('@fwk/'));
  return [...new Set([`@fwk/${name}`, ...ours.flatMap((each) => closureOf(each.slice('@fwk/'.length)))])];
}

export const managerRows = [
  managerRow('npm-engine-strict', 'npm without a lock file, engine-strict', async ({ project, dependencies }) => {
    project.write({ 'package.json': { private: true, type: 'module', dependencies } });
    await project.run('npm', ['install', '--engine-strict', '--no-audit', '--no-fund', '--loglevel=error'], {
      limitMs,
    });
    return (args) => project.node(args, { says: serviceSays });
  }),
  managerRow('pnpm', 'pnpm 10: only declared dependencies are found', async ({ project, toolbox, dependencies }) => {
    const overrides = Object.fromEntries(
      Object.entries(dependencies)
        .filter(([, range]) => range.startsWith('file:'))
        .map(([name, range]) => [name, `file:${join(project.folder, range.slice('file:'.length))}`]),
    );
    project.write({ 'package.json': { private: true, type: 'module', dependencies, pnpm: { overrides } } });
    await project.node([toolbox.bin('pnpm'), 'install', '--reporter=append-only'], { limitMs, env: { CI: 'true' } });
    return (args) => project.node(args, { says: serviceSays });
  }),
  managerRow('yarn-pnp', 'Yarn 4, Plug’n’Play', async ({ project, toolbox, dependencies }) => {
    const yarn = toolbox.bin('@yarnpkg/cli-dist', 'yarn');
    const registry = await registryOf(project);
    const env = {
      YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, ''),
      YARN_ENABLE_TELEMETRY: 'false',
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_ENABLE_GLOBAL_CACHE: 'false',
      ...(registry.startsWith('http:') && { YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname }),
    };
    const resolutions = Object.fromEntries(
      Object.entries(dependencies).filter(([, range]) => range.startsWith('file:')),
    );
    project.write({
      'package.json': { private: true, type: 'module', dependencies, resolutions },
      'yarn.lock': '',
      '.yarnrc.yml': 'nodeLinker: pnp\n',
    });
    await project.node([yarn, 'install'], { limitMs, env });
    return (args) => project.node([yarn, 'node', ...args], { env, says: serviceSays });
  }),
  managerRow('yarn-1', 'Yarn 1: engines of all packages are enforced', async ({ project, toolbox, dependencies }) => {
    const resolutions = Object.fromEntries(
      Object.entries(dependencies).filter(([, range]) => range.startsWith('file:')),
    );
    project.write({ 'package.json': { private: true, type: 'module', dependencies, resolutions } });
    const cache = join(project.folder, '.yarn-cache');
    const registry = await registryOf(project);
    await project.node(
      [toolbox.bin('yarn'), 'install', '--non-interactive', '--cache-folder', cache, '--registry', registry],
      { limitMs },
    );
    return (args) => project.node(args, { says: serviceSays });
  }),
  {
    name: 'each-alone',
    what: 'npm, each package alone with what it needs, every entry imported and required',
    tools,
    async run(toolbox) {
      for (const name of packageNames()) {
        const project = toolbox.workshop.emptyProject(`alone-${name}`);
        const tarballs = toolbox.workshop.dependencies(project.folder);
        const dependencies = Object.fromEntries(closureOf(name).map((each) => [each, tarballs[each]]));
        const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
        // What a subpath needs of others is its user's to install, as its documentation says.
        const entries = Object.keys(exports).filter((entry) => entry !== './openfeature');
        const specifiers = entries.map((entry) => `@fwk/${name}${entry.slice(1)}`);
        project.write({
          'package.json': { private: true, type: 'module', dependencies },
          'all.mjs': `for (const each of ${JSON.stringify(specifiers)}) await import(each);\nconsole.log('all is imported');\n`,
          'all.cjs': `for (const each of ${JSON.stringify(specifiers)}) require(each);\nconsole.log('all is required');\n`,
        });
        await project.run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { limitMs });
        await project.node(['all.mjs'], { says: 'all is imported' });
        await project.node(['all.cjs'], { says: 'all is required' });
      }
    },
  },
];
