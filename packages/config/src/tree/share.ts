import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '../errors.js';
import { isKept } from './kept.js';
import { joinPath } from './path.js';
import { type ConfigTree, isTree } from './tree.js';

/** How deep what a schema answers may be nested: more than what it was given, and not without end. */
const maxAnswerDepth = 100;

/**
 * A frozen copy of `next` in which every part that equals its counterpart in `previous` *is* that counterpart. Whoever
 * watches one part by identity is therefore told only when that part changed. A tree that is kept needs no copy. Instances of classes are compared by
 * content (dates, maps, URLs) and never frozen or copied: they belong to the schema that made them.
 * @throws ConfigError `FWK_CONFIG_TOO_DEEP` for what a schema nested without end.
 */
export function shareUnchanged(previous: unknown, next: unknown, depth = 0): unknown {
  if (Object.is(previous, next)) return previous;
  if (depth > maxAnswerDepth) throw tooDeep();
  if (Array.isArray(next)) {
    const before = Array.isArray(previous) ? previous : undefined;
    const shared = next.map((item, index) => shareUnchanged(before?.[index], item, depth + 1));
    const same = before?.length === shared.length && shared.every((item, index) => Object.is(item, before[index]));
    return same ? before : Object.freeze(shared);
  }
  if (isTree(next)) return shareTree(isTree(previous) ? previous : undefined, next, depth);
  const bothInstances = typeof next === 'object' && typeof previous === 'object';
  return bothInstances && isDeepStrictEqual(previous, next) ? previous : next;
}

function shareTree(before: ConfigTree | undefined, next: ConfigTree, depth: number): ConfigTree {
  const shared: Record<string, unknown> = {};
  const keys = Object.keys(next);
  let same = before !== undefined && Object.keys(before).length === keys.length;
  let asItIs = isKept(next);
  for (const key of keys) {
    const known = before !== undefined && Object.hasOwn(before, key);
    const previous = known ? before[key] : undefined;
    const value = shareUnchanged(previous, next[key], depth + 1);
    // A schema may hand out any key; defining it keeps `__proto__` an ordinary member.
    if (key === '__proto__') Object.defineProperty(shared, key, { value, enumerable: true });
    else shared[key] = value;
    asItIs &&= Object.is(value, next[key]);
    same &&= known && Object.is(previous, value);
  }
  if (same) return before as ConfigTree;
  return asItIs ? next : Object.freeze(shared);
}

function tooDeep(): ConfigError {
  const message = `the schema answered something nested more than ${maxAnswerDepth} levels deep, or that refers to itself`;
  return new ConfigError('FWK_CONFIG_TOO_DEEP', message);
}

function ownMember(tree: ConfigTree, key: string): unknown {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

/** Written paths of what differs between two shared trees; stops at `limit`. */
export function changedPaths(previous: unknown, next: unknown, limit: number): string[] {
  const changed: string[] = [];
  const compare = (before: unknown, after: unknown, path: string) => {
    if (Object.is(before, after)) return;
    if (!isTree(before) || !isTree(after)) {
      changed.push(path);
      return;
    }
    const member = (key: string) => {
      const [one, other] = [ownMember(before, key), ownMember(after, key)];
      if (!Object.is(one, other)) compare(one, other, joinPath(path, key));
    };
    for (const key of Object.keys(before)) {
      if (changed.length >= limit) return;
      member(key);
    }
    for (const key of Object.keys(after)) {
      if (changed.length >= limit) return;
      if (!Object.hasOwn(before, key)) member(key);
    }
  };
  compare(previous, next, '');
  return changed;
}
