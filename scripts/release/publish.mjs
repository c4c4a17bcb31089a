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

/** The arguments of npm that publish a package. */
export function publishArguments(name, { provenance }) {
  return ['publish', '--workspace', `packages/${name}`, '--access', 'public', ...(provenance ? ['--provenance'] : [])];
}
