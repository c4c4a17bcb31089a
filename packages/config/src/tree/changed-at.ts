import type { ConfigPath } from './path.js';
import { type ConfigTree, isTree } from './tree.js';

/** Another value for one path; undefined takes a member of an object away. */
export interface ChangeAt {
  readonly path: ConfigPath;
  readonly value: unknown;
}

/** Changes by the first part of their paths; a list of one value where the path ends. */
type Changes = Map<string, Changes | readonly [value: unknown]>;

/**
 * The tree with other values at some paths. It is copied once, however many they are; what they leave alone is shared. A path
 * that leads nowhere changes nothing.
 */
export function changedAt(tree: ConfigTree, changes: readonly ChangeAt[]): ConfigTree {
  const root: Changes = new Map();
  for (const { path, value } of changes) note(root, path, value);
  return withChanges(tree, root) as ConfigTree;
}

function note(root: Changes, path: ConfigPath, value: unknown): void {
  const last = path.at(-1);
  if (last === undefined) return;
  let level = root;
  for (const part of path.slice(0, -1)) {
    let next = level.get(part);
    // What is replaced whole has no parts any more.
    if (next !== undefined && !(next instanceof Map)) return;
    next ??= new Map();
    level.set(part, next);
    level = next;
  }
  level.set(last, [value]);
}

function withChanges(value: unknown, changes: Changes): unknown {
  if (!isTree(value) && !Array.isArray(value)) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  for (const [part, change] of changes) {
    // Own members only, and not the length of a list.
    if (!Object.prototype.propertyIsEnumerable.call(value, part)) continue;
    const next = change instanceof Map ? withChanges(Reflect.get(value, part), change) : change[0];
    if (next === undefined && !Array.isArray(copy)) delete copy[part];
    else Reflect.set(copy, part, next);
  }
  return copy;
}
