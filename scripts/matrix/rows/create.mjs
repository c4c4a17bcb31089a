/** What `npm create @fwk` makes, as its users have it: made by the packed program, installed from tarballs, tested and run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const limitMs = 300_000;
const program = 'node_modules/@fwk/create/bin/fwk-create.js';

/**
 * A row that makes a project of a kind.
 * @param {string} kind
 * @param {readonly (readonly string[])[]} commands of npm that must succeed in it
 */
function createRow(kind, commands) {
  return {
    name: `create-${kind}`,
    what: `npm create @fwk: a ${kind}, installed and tested`,
    tools: {},
    async run({ workshop }) {
      const maker = workshop.emptyProject(`create-${kind}-maker`);
      const { '@fwk/create': create, '@fwk/kernel': kernel } = workshop.dependencies(maker.folder);
      maker.write({
        'package.json': { private: true, dependencies: { '@fwk/create': create, '@fwk/kernel': kernel } },
      });
      await maker.run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { limitMs });
      await maker.node([program, '--kind', kind, '--name', 'shop'], { says: 'Made shop' });

      const made = workshop.madeProject(`create-${kind}-maker/shop`);
      made.write({ 'package.json': withTarballs(made, workshop.dependencies(made.folder)) });
      await made.run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { limitMs });
      for (const args of commands) await made.run('npm', args);
    },
  };
}

/** The manifest of a project with our packages, which no registry has, from their tarballs. */
function withTarballs({ folder }, tarballs) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const given = (field) =>
    Object.fromEntries(Object.entries(manifest[field] ?? {}).map(([name, range]) => [name, tarballs[name] ?? range]));
  return {
    ...manifest,
    dependencies: given('dependencies'),
    // What others of ours need, and what packages of a workspace need.
    devDependencies: { ...tarballs, ...given('devDependencies') },
    peerDependencies: undefined,
  };
}

export const createRows = [
  createRow('service', [['test'], ['run', 'check'], ['run', 'build']]),
  createRow('contract', [['test'], ['run', 'check'], ['run', 'keep-release']]),
  createRow('workspace', [['test'], ['run', 'check']]),
];
