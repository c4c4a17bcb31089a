import { type ConfigTree, isTree } from './tree.js';

/**
 * Lays `upper` over `lower`: objects are merged member by member, everything else (lists, null) replaces what was
 * there. Neither is changed; untouched parts are shared with the result.
 */
export function mergeTrees(lower: ConfigTree, upper: ConfigTree): ConfigTree {
  if (Object.keys(upper).length === 0) return lower;
  if (Object.keys(lower).length === 0) return upper;
  const merged: Record<string, unknown> = { ...lower };
  for (const [key, value] of Object.entries(upper)) {
    if (value === undefined) continue;
    const below = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isTree(below) && isTree(value) ? mergeTrees(below, value) : value;
  }
  return merged;
}
