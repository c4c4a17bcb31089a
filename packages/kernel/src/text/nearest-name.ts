/** Finds the name that was meant by one that nobody knows. */

/** Longest name that is compared and shown whole. */
const longest = 64;

/** Fewest letters that tell of the same word. */
const leastShared = 4;

/**
 * Says that a name is not known: which one was probably meant, and all that there are.
 * @param what - what it should be a name of: `unknown option`.
 * @example unknownName('unknown option', 'prot', ['port', 'host']) // unknown option "prot", did you mean "port"? (known: port, host)
 */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? '' : `, did you mean "${nearest}"?`;
  const shown = name.length > longest ? `${name.slice(0, longest)}…` : name;
  return `${what} ${JSON.stringify(shown)}${hint} (known: ${known.join(', ') || 'none'})`;
}

/**
 * The known name that was probably meant: the same but for case, `_` and `-`, or else one with a letter more, less, other or
 * exchanged for each four that it has, or else one with the same beginning (`timeout` for `timeoutMs`, `retries` for `retry`) or
 * with something before it (`attempts` for `maxAttempts`). Undefined when none is near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const folded = fold(name);
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(folded.length / 4)) + 1;
  if (folded.length > longest) return undefined;
  for (const candidate of known) {
    if (candidate === name || candidate.length > longest) continue;
    const other = fold(candidate);
    if (Math.abs(other.length - folded.length) >= least) continue;
    const edits = editsBetween(folded, other, least);
    if (edits < least) [nearest, least] = [candidate, edits];
  }
  return nearest ?? known.find((candidate) => candidate !== name && isSameWord(folded, fold(candidate)));
}

/** Whether two names share more than half of the longer one: their beginnings, or all of `a` as the end of `b`. */
function isSameWord(a: string, b: string): boolean {
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared++;
  if (b.endsWith(a)) shared = a.length;
  return shared >= leastShared && shared * 2 > Math.max(a.length, b.length);
}

function fold(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase();
}

/**
 * Damerau and Levenshtein's distance, in its form that exchanges only neighbours (optimal string alignment).
 * @param enough - it is not calculated further than this: names that differ from their first letters on are the most.
 */
function editsBetween(a: string, b: string, enough: number): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + other);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, at(before, j - 2) + 1);
      row.push(edits);
    }
    if (Math.min(...row, ...above) >= enough) return enough;
    [before, above] = [above, row];
  }
  return at(above, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}
