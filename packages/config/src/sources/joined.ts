import type { SourceValues } from '../source/source.js';
import { mergeTrees } from '../tree/merge.js';
import { type ConfigTree, valueAt } from '../tree/tree.js';

/** One of several parts of a source: what it says, checked as a tree. */
export interface PartOfSource extends SourceValues {
  readonly tree: ConfigTree;
}

/** What several parts of one source say together; later ones override earlier ones. */
export function joined(parts: readonly PartOfSource[]): SourceValues {
  const last = (path: readonly string[]) => parts.findLast(({ tree }) => valueAt(tree, path) !== undefined);
  return {
    tree: parts.reduce<ConfigTree>((tree, part) => mergeTrees(tree, part.tree), {}),
    originOf: (path) => last(path)?.originOf?.(path),
    textOf: (path) => last(path)?.textOf?.(path),
  };
}
