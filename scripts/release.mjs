/**
 * `npm run release -- --dry-run` rehearses a release on a local registry. `npm run release -- version` turns the changes in
 * .changeset into versions and CHANGELOGs. `npm run release` publishes what the registry has not yet, for the workflow.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stageAll } from './packaging/stage.mjs';
import { checkNode, ensureInstalled, prepare } from './prepare.mjs';
import { publishArguments, publishOrder, tagProblem } from './release/publish.mjs';
import { rehearse, step, takeVersions } from './release/rehearse.mjs';
import { writeSboms } from './release/sbom.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const usage = 'usage: npm run release [-- --dry-run | -- version]\n';
const say = (text) => process.stderr.write(`${text}\n`);

async function dryRun() {
  const { version, published } = await rehearse(say);
  process.stdout.write(`rehearsed ${version}: ${published.join(', ')} were published, installed and used\n`);
}

/** Publishes each package whose version the registry has not: a run that broke off is gone on with by the next. */
async function publish() {
  if ((await step('git', ['status', '--porcelain'], { cwd: root })) !== '')
    throw new Error('what is not committed would be published: commit it, or "git stash" it');
  const problem = tagProblem(process.env, versionOf('kernel'));
  if (problem) throw new Error(problem);
  const folder = mkdtempSync(join(tmpdir(), 'fwk-publish-'));
  try {
    const staged = await stageAll(folder);
    for (const name of publishOrder()) await publishOne(name, staged[`@fwk/${name}`]);
    say('listing what each package brings, in release/sbom');
    await writeSboms(staged, join(root, 'release/sbom'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function publishOne(name, folder) {
  if (await isPublished(name)) return say(`@fwk/${name} is there already`);
  // Provenance is made where the workflow has an identity; npm refuses it elsewhere.
  const provenance = process.env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined;
  // npm may ask a maintainer for a second factor, so it has the terminal.
  const code = await run('npm', publishArguments(folder, { provenance }), { cwd: root });
  if (code !== 0)
    throw new Error(`@fwk/${name} was not published; what npm said is above, and a new run goes on from here`);
}

async function isPublished(name) {
  try {
    const versions = await step('npm', ['view', `@fwk/${name}`, 'versions', '--json'], { cwd: root });
    return [JSON.parse(versions)].flat().includes(versionOf(name));
  } catch (error) {
    if (error.message.includes('E404')) return false;
    throw error;
  }
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')).version;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  const [word, ...others] = positionals;
  if (values.help || others.length > 0 || (word !== undefined && (word !== 'version' || values['dry-run']))) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  // `npm run release --dry-run`, without `--`, is told by npm in the environment.
  const rehearsal = values['dry-run'] || process.env.npm_config_dry_run === 'true';
  // The installs of a rehearsal are real ones, that of its tools first.
  delete process.env.npm_config_dry_run;
  const code = checkNode() || (await ensureInstalled(join(root, 'release')));
  if (code !== 0) return code;
  if (rehearsal) await dryRun();
  else if (word === 'version') await takeVersions(root);
  else {
    const built = await prepare();
    if (built !== 0) return built;
    await publish();
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
