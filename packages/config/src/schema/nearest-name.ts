/** Longest name that is compared. */
const longest = 64;

/**
 * The known name that was probably meant: the same but for case, `_` and `-`, or else one with a letter more, less, other or
 * exchanged for each four that it has. Undefined when none is near.
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
  return nearest;
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
