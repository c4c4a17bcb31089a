/** Names in brackets, by which nested values stand in a query: `filter[color]`. */
import { isDangerousKey } from '@fwk/kernel';

/** How deep a value may be nested: `a[b][c][d][e]` is four deep. */
export const deepestNesting = 4;

/** Why a name cannot be read. */
export interface NameFault {
  readonly fault: string;
}

/**
 * The parts of a name in brackets, `['filter', 'color']` of `filter[color]`; undefined for a plain name, which may have brackets in
 * another form (`expand[]`).
 */
export function partsOf(name: string): readonly string[] | NameFault | undefined {
  const first = name.indexOf('[');
  if (first < 1 || !name.endsWith(']')) return undefined;
  const head = name.slice(0, first);
  const parts = [head, ...name.slice(first + 1, -1).split('][')];
  if (parts.some((part) => part === '' || part.includes('[') || part.includes(']'))) return undefined;
  if (parts.length > deepestNesting + 1)
    return { fault: `is nested ${parts.length - 1} deep; at most ${deepestNesting} are read` };
  const dangerous = parts.find((part) => isDangerousKey(part));
  return dangerous === undefined ? parts : { fault: `may not name a value ${dangerous}` };
}

/** Whether names are those of a list: `0`, `1` and so on, in any order. */
export function areIndexes(names: readonly string[]): boolean {
  if (names.length === 0) return false;
  const seen = new Set<string>(names);
  for (let index = 0; index < names.length; index++) if (!seen.has(String(index))) return false;
  return true;
}
