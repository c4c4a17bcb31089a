/**
 * Trees that never change: a source that keeps its tree between loads, and replaces only what is new, marks it. Whoever
 * loads then takes it as it is, and looks only at those parts that are other objects than before.
 */
import type { Origin } from './origin.js';
import { type ConfigTree, copyTree } from './tree.js';

const kept = new WeakSet<object>();

/**
 * Freezes an object of settings and marks it as kept.
 * @param tree - its members are single values, or objects that are kept already.
 */
export function keepTree(tree: ConfigTree): ConfigTree {
  kept.add(Object.freeze(tree));
  return tree;
}

/** True for an object that {@link keepTree} marked. */
export function isKept(value: unknown): value is ConfigTree {
  return typeof value === 'object' && value !== null && kept.has(value);
}

/**
 * A tree that nobody else can change: the given one where it is kept, else a copy.
 * @throws ConfigError as {@link copyTree} does.
 */
export function ownTree(tree: unknown, origin: Origin): ConfigTree {
  return isKept(tree) ? tree : copyTree(tree, origin);
}

/** What is found out once about each object that is kept, and then known. */
export function oncePerTree<T>(find: (tree: ConfigTree) => T): (tree: ConfigTree) => T {
  const known = new WeakMap<ConfigTree, { readonly found: T }>();
  return (tree) => {
    let entry = known.get(tree);
    if (!entry) {
      entry = { found: find(tree) };
      if (isKept(tree)) known.set(tree, entry);
    }
    return entry.found;
  };
}
