/** Tarballs of all packages, as npm would publish them. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.mjs';
import { packageNames, root } from '../workspace.mjs';

/**
 * Packs every package; what they hold must be built.
 * @param {string} target a folder, made if it is not there
 * @returns {Promise<Record<string, string>>} paths by package name: `@fwk/core` → `/…/fwk-core-0.1.0.tgz`
 * @throws Error with what npm said
 */
export async function packAll(target) {
  mkdirSync(target, { recursive: true });
  const workspaces = packageNames().flatMap((name) => ['--workspace', `packages/${name}`]);
  const output = [];
  const args = ['pack', '--ignore-scripts', '--pack-destination', target, ...workspaces];
  const code = await run('npm', args, { cwd: root, stdout: (chunk) => output.push(chunk) });
  if (code !== 0) throw new Error(`npm pack ended with code ${code}: ${Buffer.concat(output)}`);
  return Object.fromEntries(
    readdirSync(target).map((file) => [file.replace(/^fwk-([a-z]+)-.*$/, '@fwk/$1'), join(target, file)]),
  );
}
