/** Licences of all that is installed, as the lock files say them: what users get, and what only we work with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.mjs';

/** May be combined with code under Apache-2.0 and passed on. */
const free = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
];
/** May be used to build and test, and is not passed on. */
const toolsOnly = ['CC-BY-3.0', 'CC-BY-4.0', 'MPL-2.0', 'WTFPL'];

/** Packages whose manifest does not say their licence as SPDX wants it; it was looked up in their files. */
const lookedUp = { busboy: 'MIT', spawndamnit: 'MIT', streamsearch: 'MIT' };

/**
 * @param {Record<string, { license?: string, dev?: boolean, link?: boolean }>} packages of a lock file
 * @param {{ tools?: boolean }} options `tools`: nothing of it reaches users
 * @returns {string[]} one sentence a problem
 */
export function licenceProblems(packages, { tools = false } = {}) {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && !link)
    .flatMap(([path, { license, dev, version }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const said = lookedUp[name] ?? license;
      const allowed = tools || dev ? [...free, ...toolsOnly] : free;
      if (said === undefined) return [`${name}@${version} says no licence`];
      return allows(said, allowed) ? [] : [`${name}@${version} is under ${said}`];
    });
}

/** An SPDX expression of ids, `OR`, `AND` and brackets: one side of an `OR` will do, all sides of an `AND` are needed. */
function allows(expression, allowed) {
  const choices = expression.replaceAll(/[()]/g, '').split(/\s+OR\s+/);
  return choices.some((choice) => choice.split(/\s+AND\s+/).every((id) => allowed.includes(id)));
}

/** Problems of all lock files: of the workspace, and of what reaches nobody. */
export function checkLicences() {
  const lock = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  return [
    ...licenceProblems(lock('package-lock.json')),
    ...['bench', 'release', 'site'].flatMap((folder) =>
      licenceProblems(lock(`${folder}/package-lock.json`), { tools: true }).map((problem) => `${folder}: ${problem}`),
    ),
  ];
}
