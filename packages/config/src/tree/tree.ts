/**
 * Settings are plain data: objects, lists and single values. Everything that enters is copied by {@link copyTree},
 * which bounds its depth and refuses the few keys by which data can change how objects work, so that the code behind it
 * (merge, sharing, look-up) may handle keys as ordinary ones.
 */
import { isDangerousKey } from '@fwk/kernel';
import { ConfigError } from '../errors.js';
import type { Origin } from './origin.js';
import { type ConfigPath, joinPath } from './path.js';

/** Settings by name. */
export interface ConfigTree {
  readonly [name: string]: unknown;
}

/** How deep settings may be nested. */
export const maxDepth = 32;

/**
 * Refused beside the kernel's dangerous keys: names of settings are chosen by whoever writes the schema, so both halves of
 * `constructor.prototype` are refused alone too, before another source can add the rest.
 */
const refusedNames: ReadonlySet<string> = new Set(['', 'constructor', 'prototype']);

/** True for an object literal, as opposed to a list or an instance of a class. */
export function isTree(value: unknown): value is ConfigTree {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * @param parent - the written path of what has the key.
 * @throws ConfigError `FWK_CONFIG_KEY_REFUSED` for a key that could reach an object's prototype, or is empty.
 */
export function checkKey(key: string, parent: string, origin: Origin): void {
  if (!refusedNames.has(key) && !isDangerousKey(key)) return;
  const path = joinPath(parent, key);
  const where = parent === '' ? '' : ` in "${parent}"`;
  throw new ConfigError('FWK_CONFIG_KEY_REFUSED', `the key "${key}"${where} is not allowed; choose another name`, {
    origin,
    details: { path },
  });
}

/** @throws ConfigError `FWK_CONFIG_TOO_DEEP` below {@link maxDepth} levels. */
export function checkDepth(depth: number, origin: Origin): void {
  if (depth <= maxDepth) return;
  throw new ConfigError(
    'FWK_CONFIG_TOO_DEEP',
    `settings are nested more than ${maxDepth} levels deep, or refer to themselves; flatten them`,
    { origin },
  );
}

/**
 * A copy that shares no object or list with the original; `undefined` members are left out, instances of classes are
 * kept as they are.
 * @throws ConfigError for a root that is no object, refused keys, and too deep a nesting.
 */
export function copyTree(root: unknown, origin: Origin): ConfigTree {
  if (!isTree(root)) {
    throw new ConfigError('FWK_CONFIG_ROOT_INVALID', `an object of settings is needed, not ${kindOf(root)}`, {
      origin,
    });
  }
  return copyMembers(root, origin, '', 0);
}

/** @param path - the written path of the object. */
function copyMembers(tree: ConfigTree, origin: Origin, path: string, depth: number): ConfigTree {
  checkDepth(depth, origin);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(tree)) {
    checkKey(key, path, origin);
    const item = tree[key];
    if (item === undefined) continue;
    if (isSingle(item)) checkDepth(depth + 1, origin);
    copy[key] = isSingle(item) ? item : copyValue(item, origin, joinPath(path, key), depth + 1);
  }
  return copy;
}

function copyValue(value: unknown, origin: Origin, path: string, depth: number): unknown {
  if (isTree(value)) return copyMembers(value, origin, path, depth);
  checkDepth(depth, origin);
  if (!Array.isArray(value)) return value;
  return value.map((item, index) => {
    if (isSingle(item)) checkDepth(depth + 1, origin);
    return isSingle(item) ? item : copyValue(item, origin, joinPath(path, String(index)), depth + 1);
  });
}

/** Most settings are: they need no look inside, and no path. */
function isSingle(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** What stands at a path; undefined for nothing. Never reads what an object inherits. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as ConfigTree)[part];
  }
  return value;
}

/** Calls `visit` for each single value, empty object and empty list. */
export function eachLeaf(
  value: unknown,
  visit: (path: ConfigPath, leaf: unknown) => void,
  path: ConfigPath = [],
): void {
  const members = isTree(value) || Array.isArray(value) ? Object.entries(value) : [];
  if (members.length === 0) visit(path, value);
  for (const [key, item] of members) eachLeaf(item, visit, [...path, key]);
}

/** The kind of a value in a word for messages: `a number`, `a list`, `an object`, `null`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
