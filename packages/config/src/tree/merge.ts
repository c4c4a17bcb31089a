import { type ConfigTree, isTree } from './tree.js';

/**
 * Lays `upper` over `lower`: objects are merged member by member, everything else (lists, null) replaces what was
 * there. An object whose keys are places of a list below (`0`, `1`, or the next one behind it) sets those items and leaves
 * the others. Neither is changed; untouched parts are shared with the result.
 */
export function mergeTrees(lower: ConfigTree, upper: ConfigTree): ConfigTree {
  if (isEmpty(upper)) return lower;
  if (isEmpty(lower)) return upper;
  const merged: Record<string, unknown> = { ...lower };
  for (const [key, value] of Object.entries(upper)) {
    if (value !== undefined) merged[key] = laidOver(Object.hasOwn(merged, key) ? merged[key] : undefined, value);
  }
  return merged;
}

function laidOver(below: unknown, value: unknown): unknown {
  if (!isTree(value)) return value;
  if (isTree(below)) return mergeTrees(below, value);
  if (!Array.isArray(below) || !namesItems(value, below.length)) return value;
  const items = [...below];
  for (const [place, item] of Object.entries(value)) {
    if (item !== undefined) items[Number(place)] = laidOver(items[Number(place)], item);
  }
  return items;
}

/**
 * Whether all keys of an object are places of a list, of those that it has or the next ones behind it.
 * @param length - how many items the list has.
 */
export function namesItems(value: ConfigTree, length: number): boolean {
  let next = length;
  // Such keys come in ascending order, whatever the order in which they were set.
  for (const key of Object.keys(value)) {
    if (!/^(0|[1-9]\d{0,8})$/.test(key) || Number(key) > next) return false;
    if (Number(key) === next) next++;
  }
  return Object.keys(value).length > 0;
}

/** Without listing all keys, of which there may be many. */
function isEmpty(tree: ConfigTree): boolean {
  for (const key in tree) if (Object.hasOwn(tree, key)) return false;
  return true;
}
