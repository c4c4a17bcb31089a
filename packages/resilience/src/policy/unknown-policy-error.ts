import { FwkError } from '@fwk/kernel';

/** A policy was asked for by a name that nobody defined. Code `FWK_RESILIENCE_POLICY_UNKNOWN`. */
export class UnknownPolicyError extends FwkError {
  /** @param places - where the name is written, such as `@Policy on Checkout.quote`; empty when that is not known. */
  constructor(name: string, known: readonly string[], places: readonly string[] = []) {
    const where = places.length === 0 ? '' : ` (${places.join(', ')})`;
    const near = nearest(name, known);
    const list = known.length === 0 ? 'none; give them to resilience({ policies })' : known.join(', ');
    super(
      'FWK_RESILIENCE_POLICY_UNKNOWN',
      `no policy is called "${name}"${where}; ${near === undefined ? '' : `did you mean "${near}"? `}known: ${list}`,
      { details: { name, known, nearest: near, places } },
    );
  }
}

/** The known name that is fewest changes away, if those are at most a third of it, or 2. */
function nearest(name: string, known: readonly string[]): string | undefined {
  // Names of policies are short: a longer text is no misspelt name, and comparing it would take long.
  if (name.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const changes = candidate.length > 64 ? least : changesBetween(name.toLowerCase(), candidate.toLowerCase());
    if (changes < least) [best, least] = [candidate, changes];
  }
  return best;
}

/** Levenshtein's distance: letters put in, left out or replaced. */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let on = 1; on <= to.length; on++) {
      const replaced = (row[on - 1] ?? 0) + (from[at - 1] === to[on - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[on] ?? 0) + 1, (next[on - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
