/** In which order packages are published, and by which command. */
import { packageArrows } from '../arrows/arrows.mjs';
import { packageNames } from '../workspace.mjs';

/**
 * Each after all that it stands on, so that nobody can install a package whose dependencies are not there yet.
 * @param {readonly string[]} [names]
 * @param {Readonly<Record<string, readonly string[]>>} [arrows] what each stands on
 * @returns {string[]}
 */
export function publishOrder(names = packageNames(), arrows = packageArrows) {
  const order = [];
  const add = (name) => {
    if (order.includes(name)) return;
    for (const below of arrows[name]) add(below);
    order.push(name);
  };
  for (const name of names) add(name);
  return order;
}

/**
 * The arguments of npm that publish a package.
 * @param {string} folder that holds what is published
 */
export function publishArguments(folder, { provenance }) {
  return ['publish', folder, '--access', 'public', '--ignore-scripts', ...(provenance ? ['--provenance'] : [])];
}

/**
 * A workflow that a tag started must publish the version that the tag names.
 * @param {Record<string, string | undefined>} env of the workflow
 * @param {string} version of the packages
 * @returns {string | undefined} what is wrong
 */
export function tagProblem({ GITHUB_REF_TYPE: type, GITHUB_REF_NAME: tag }, version) {
  if (type !== 'tag' || tag === `v${version}`) return undefined;
  return `the tag is ${tag}, and the packages have version ${version}: delete the tag, and set v${version} to the commit that has it`;
}
