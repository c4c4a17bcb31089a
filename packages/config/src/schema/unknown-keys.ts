/** Keys that nobody knows, which are misspelt more often than not. */
import { nearestName } from '@fwk/kernel';
import { type ConfigPath, formatPath } from '../tree/path.js';
import { type ConfigTree, isTree, valueAt } from '../tree/tree.js';

/** A key that is set and that the schema left out of its answer. */
export interface UnknownKey {
  readonly path: string;
  /** The known path that was probably meant. */
  readonly nearest: string | undefined;
}

/** Most keys that are listed. */
const maxListed = 100;

/**
 * Keys of the settings that are not in what a schema made of them. Where a schema makes something else of an object, such as an
 * instance of a class, nothing can be said.
 * @param isKnown - paths that others know: sections of code.
 */
export function unknownKeys(given: unknown, made: unknown, isKnown: (path: ConfigPath) => boolean): UnknownKey[] {
  const found: UnknownKey[] = [];
  const compare = (before: unknown, after: unknown, path: ConfigPath): void => {
    if (!isTree(before) || !isTree(after) || found.length >= maxListed) return;
    for (const key of Object.keys(before)) {
      if (Object.hasOwn(after, key)) {
        if (isTree(before[key])) compare(before[key], after[key], [...path, key]);
        continue;
      }
      const here = [...path, key];
      if (found.length < maxListed && !isKnown(here)) {
        const nearest = nearestName(
          key,
          Object.keys(after).filter((name) => !Object.hasOwn(before, name)),
        );
        found.push({ path: formatPath(here), nearest: nearest && formatPath([...path, nearest]) });
      }
    }
  };
  compare(given, made, []);
  return found;
}

/**
 * The key that is set beside a path where nothing is, and that was probably meant to be it.
 * @example a schema misses `checkout.maxItems`, and `checkout.maxItem` is set
 */
export function misspeltAs(path: ConfigPath, tree: ConfigTree): string | undefined {
  const name = path.at(-1);
  if (name === undefined || valueAt(tree, path) !== undefined) return undefined;
  const parent = valueAt(tree, path.slice(0, -1));
  const nearest = isTree(parent) ? nearestName(name, Object.keys(parent)) : undefined;
  return nearest && formatPath([...path.slice(0, -1), nearest]);
}
