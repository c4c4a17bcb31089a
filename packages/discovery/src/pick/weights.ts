/** Weights as pickers need them: relative to each other, and drawn from in constant time. */
import type { Candidate } from './balancer.js';
import type { Draws } from './draws.js';

/** The weight of each relative to their mean; undefined where all are alike, and nothing needs to look at them. */
export function sharesOf(candidates: readonly Candidate[], nowMs: number): Float64Array | undefined {
  const shares = new Float64Array(candidates.length);
  let sum = 0;
  let differ = false;
  for (let at = 0; at < shares.length; at++) {
    const weight = (candidates[at] as Candidate).weight(nowMs);
    shares[at] = weight;
    sum += weight;
    differ ||= weight !== shares[0];
  }
  if (!differ) return undefined;
  const mean = sum / shares.length;
  for (let at = 0; at < shares.length; at++) shares[at] = (shares[at] as number) / mean;
  return shares;
}

/**
 * Draws indices by weight, each in constant time: any index is drawn, and then either kept, with its own probability, or replaced
 * by its alias. Source: Walker 1977, Vose 1991.
 */
export class AliasTable {
  readonly #kept: Float64Array;
  readonly #alias: Uint32Array;

  /** @param shares - weights relative to their mean, as {@link sharesOf} answers them. */
  constructor(shares: Float64Array) {
    const count = shares.length;
    const kept = Float64Array.from(shares);
    const alias = new Uint32Array(count);
    const small: number[] = [];
    const large: number[] = [];
    for (let at = 0; at < count; at++) ((kept[at] as number) < 1 ? small : large).push(at);
    while (small.length > 0 && large.length > 0) {
      const less = small.pop() as number;
      const more = large.at(-1) as number;
      alias[less] = more;
      kept[more] = (kept[more] as number) - (1 - (kept[less] as number));
      if ((kept[more] as number) >= 1) continue;
      large.pop();
      small.push(more);
    }
    // What is left is 1 but for rounding.
    for (const at of small) kept[at] = 1;
    for (const at of large) kept[at] = 1;
    this.#kept = kept;
    this.#alias = alias;
  }

  /** An index, drawn by weight. */
  draw(draws: Draws): number {
    const at = draws.below(this.#kept.length);
    return draws.happens(this.#kept[at] as number) ? at : (this.#alias[at] as number);
  }
}
