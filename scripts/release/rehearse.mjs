/**
 * The rehearsal of a release: in a clone of what is committed the changes become versions and CHANGELOGs, everything is built
 * and published to a local registry, and a new project installs it from there and runs a service. Nothing of it is kept.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../matrix/workshop.mjs';
import { stageAll } from '../packaging/stage.mjs';
import { run } from '../run.mjs';
import { packageNames, root } from '../workspace.mjs';
import { publishArguments, publishOrder } from './publish.mjs';
import { startRegistry } from './registry.mjs';
import { writeSboms } from './sbom.mjs';

const changesets = join(root, 'release/node_modules/@changesets/cli/bin.js');

/** @returns {Promise<{ version: string, published: string[] }>} @throws Error that names the step which failed */
export async function rehearse(say) {
  const folder = mkdtempSync(join(tmpdir(), 'fwk-release-'));
  const clone = join(folder, 'clone');
  let registry;
  try {
    say('cloning what is committed, and installing');
    await step('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone], { cwd: folder });
    await step('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: clone });
    say('turning changes into versions and CHANGELOGs');
    ensureChange(clone);
    await takeVersions(clone);
    say('building');
    await step(process.execPath, ['scripts/build.mjs'], { cwd: clone });
    const upstream = (await step('npm', ['config', 'get', 'registry'], { cwd: root })).trim();
    registry = await startRegistry(folder, upstream);
    const staged = await stageAll(join(folder, 'staged'), clone);
    const published = publishOrder().map((name) => `@fwk/${name}`);
    for (const name of published) {
      say(`publishing ${name}`);
      const args = publishArguments(staged[name], { provenance: false });
      await step('npm', args, { cwd: folder, env: local(registry) });
    }
    say('listing what each package brings');
    await writeSboms(staged, join(folder, 'sbom'), local(registry));
    say('installing in a new project');
    await useIn(join(folder, 'project'), registry);
    say('creating a service, as its users do');
    await createIn(folder, registry);
    return { version: versionOf(clone), published };
  } finally {
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `changeset version`, and the lock file after it. */
export async function takeVersions(folder) {
  await step(process.execPath, [changesets, 'version'], { cwd: folder });
  await step('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
}

/** A rehearsal needs a change to release; where there is none it makes one. */
function ensureChange(clone) {
  const pending = readdirSync(join(clone, '.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md');
  if (pending.length > 0) return;
  writeFileSync(join(clone, '.changeset/rehearsal.md'), "---\n'@fwk/kernel': patch\n---\n\nA rehearsal.\n");
}

/** A new project with all packages from the registry, which runs a service. */
async function useIn(project, registry) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(join(project, 'service.mjs'), program('service.mjs'));
  writeFileSync(join(project, 'app.yaml'), 'greeting: Hello\n');
  const packages = packageNames().map((name) => `@fwk/${name}`);
  await step('npm', ['install', ...packages, 'zod', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: project,
    env: local(registry),
  });
  const output = await step(process.execPath, ['service.mjs'], { cwd: project });
  if (!output.includes('the service says: Hello matrix')) throw new Error(`the new project does not run: ${output}`);
}

/** A service made by `npm create @fwk`, with all of it from the registry. */
async function createIn(folder, registry) {
  const options = { cwd: folder, env: { ...local(registry), npm_config_cache: join(folder, 'npm-cache') } };
  await step('npm', ['create', '--yes', '@fwk', '--', '--kind', 'service', '--name', 'orders'], options);
  const inside = { ...options, cwd: join(folder, 'orders') };
  await step('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], inside);
  for (const args of [['test'], ['run', 'check'], ['run', 'build']]) await step('npm', args, inside);
}

/** npm wants a token to publish; the local registry takes any. */
function local({ url }) {
  return { npm_config_registry: url, [`npm_config_${url.replace('http:', '')}:_authToken`]: 'rehearsal' };
}

function versionOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'packages/kernel/package.json'), 'utf8')).version;
}

/** Runs a command. @returns what it wrote @throws Error with that when it fails */
export async function step(command, args, { cwd, env }) {
  const output = [];
  const code = await run(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdout: (chunk) => output.push(chunk),
  });
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`"${[command, ...args].join(' ').slice(0, 120)}" ended with code ${code}:\n${text}`);
  return text;
}
