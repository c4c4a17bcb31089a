/**
 * Packages as they are published: the files that npm would take, in folders of their own. A README's links lead to the code host, since its
 * readers have no repository around it: on npm's site, in an editor, in `node_modules`.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { withLinks } from '../docs/markdown.mjs';
import { packageNames, root } from '../workspace.mjs';
import { npm } from './npm.mjs';
import { repositoryPage } from './repository.mjs';

/**
 * Copies of all packages; what they hold must be built.
 * @param {string} target a folder, made if it is not there
 * @param {string} [repository] this one, or a clone of it
 * @returns {Promise<Record<string, string>>} their folders by package name
 * @throws Error with what npm said
 */
export async function stageAll(target, repository = root) {
  const workspaces = packageNames().flatMap((name) => ['--workspace', `packages/${name}`]);
  const listed = JSON.parse(await npm(['pack', '--dry-run', '--json', ...workspaces], repository));
  return Object.fromEntries(
    Object.values(listed).map(({ name, version, files }) => {
      const folder = name.slice('@fwk/'.length);
      const staged = join(target, folder);
      for (const { path } of files) {
        mkdirSync(dirname(join(staged, path)), { recursive: true });
        cpSync(join(repository, 'packages', folder, path), join(staged, path));
      }
      const readme = join(staged, 'README.md');
      writeFileSync(readme, readmeOf(readFileSync(readme, 'utf8'), `packages/${folder}`, `v${version}`, repository));
      return [name, staged];
    }),
  );
}

/**
 * A README whose relative links lead to the code host, at a tag.
 * @param {string} text
 * @param {string} folder of the README, from the repository's root
 * @param {string} tag
 * @param {string} [repository] where it says whether a link is to a file or a folder
 */
export function readmeOf(text, folder, tag, repository = root) {
  return withLinks(text, (target) => {
    if (/^(?:[a-z]+:|#)/.test(target)) return target;
    const [path, ...anchor] = target.split('#');
    const place = posix.join(folder, path);
    const view = statSync(join(repository, place)).isDirectory() ? 'tree' : 'blob';
    return [`${repositoryPage}/${view}/${tag}/${place}`, ...anchor].join('#');
  });
}

/**
 * Tarballs of all packages; what they hold must be built.
 * @param {string} target a folder, made if it is not there
 * @returns {Promise<Record<string, string>>} paths by package name: `@fwk/core` → `/…/fwk-core-0.1.0.tgz`
 * @throws Error with what npm said
 */
export async function packAll(target) {
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'fwk-stage-'));
  try {
    const staged = await stageAll(folder);
    const packed = JSON.parse(
      await npm(['pack', '--json', '--pack-destination', target, ...Object.values(staged)], folder),
    );
    return Object.fromEntries(Object.values(packed).map(({ name, filename }) => [name, join(target, filename)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
