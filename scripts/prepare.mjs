/**
 * What every other script needs first: dependencies installed and sources built. Both look before they act, so that a
 * second run costs next to nothing. Progress goes to stderr; stdout belongs to whatever the script is for.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBundled } from './bundle.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const oldestNode = [20, 19];

/** Installs and builds what is missing. @returns the exit code: 0, or that of the step that failed. */
export async function prepare() {
  return checkNode() || (await ensureInstalled()) || (await ensureBuilt());
}

/** @returns 0, or 1 after saying which Node is needed. */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return 0;
  say(`Node ${oldestNode.join('.')} or newer is needed, this is ${version}. Install one from https://nodejs.org.`);
  return 1;
}

/** Runs `npm ci` in `folder` unless what the lock file asks for is there. @returns an exit code. */
export async function ensureInstalled(folder = root) {
  if (isInstalled(folder)) return 0;
  say('installing dependencies (npm ci) …');
  const startMs = performance.now();
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await run('npm', args, { cwd: folder, stdout: 'stderr', shell: process.platform === 'win32' });
  if (code === 0) say(`installed in ${seconds(startMs)}`);
  else say(`npm ci failed with exit code ${code}; its messages are above. A network or registry problem, most often.`);
  return code;
}

/** Builds all packages and examples with `tsc -b`, then the bundles; both skip what is up to date. @returns an exit code. */
export async function ensureBuilt() {
  const startMs = performance.now();
  const first = !existsSync(join(root, 'packages/kernel/dist'));
  if (first) say('building …');
  const code = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b'], { cwd: root, stdout: 'stderr' });
  if (code !== 0) {
    say('the build failed; the errors are above');
    return code;
  }
  try {
    await ensureBundled();
  } catch (error) {
    say(`joining the modules of the packages failed: ${error.message}`);
    return 1;
  }
  if (first) say(`built in ${seconds(startMs)}`);
  return 0;
}

/**
 * True when `npm ci` would change nothing. npm leaves a copy of the lock file in node_modules; when that is newer there
 * is nothing to do. When it is older the two are compared, since a checkout touches files without changing them.
 */
function isInstalled(folder) {
  const wanted = join(folder, 'package-lock.json');
  const present = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(present)) return false;
  if (statSync(present).mtimeMs >= statSync(wanted).mtimeMs) return true;
  const installed = packagesOf(present);
  return Object.entries(packagesOf(wanted)).every(
    ([path, entry]) => !path.startsWith('node_modules/') || entry.optional || sameVersion(entry, installed[path]),
  );
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {};
}

function sameVersion(wanted, present) {
  return present !== undefined && present.version === wanted.version && present.resolved === wanted.resolved;
}

function seconds(startMs) {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
