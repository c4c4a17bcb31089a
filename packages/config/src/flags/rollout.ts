/**
 * Percentage roll-outs. A key always has the same place on a line of 100,000 places; a roll-out says which places have which
 * variant. The place is the same in every process and language:
 *
 *     place = floor(murmur3(key, seed) · 100000 / 2^32)    with seed = murmur3(salt)
 *
 * where murmur3 is MurmurHash3 x86 32-bit over UTF-8. Variants do not stand side by side, because then whatever grows would push
 * all others along. Each has a start of its own on the line, in the order of the list at 0, ½, ¼, ¾, ⅛, … (the van der Corput
 * sequence), and grows from there to the right, up to the next start. What does not fit there takes free places, the last
 * on the line first. So a variant that is given more keeps every key that it had, and a variant added at the end of the list moves
 * the starts of no others.
 */
import { murmur3 } from '@fwk/kernel';

/** Places on the line; a share of 0.001 % is one of them. */
export const places = 100_000;

/** What keys are hashed with. */
export function seedOf(salt: string): number {
  return murmur3(salt);
}

/** The place of a key, from 0 to 99,999. */
export function placeOf(key: string, seed: number): number {
  return Math.floor((murmur3(key, seed) * places) / 2 ** 32);
}

/** Neighbouring places that have one variant. */
export interface Stretch {
  /** The first place. */
  readonly from: number;
  /** The first place behind it. */
  readonly to: number;
  /** Which of the listed variants. */
  readonly of: number;
}

/**
 * Lays shares out on the line.
 * @param shares - places by variant, whole numbers, at most 100,000 together.
 * @returns the stretches from left to right; between them nobody has a variant.
 */
export function layOut(shares: readonly number[]): readonly Stretch[] {
  const starts = shares.map((_, index) => Math.floor(vanDerCorput(index) * places));
  const inOrder = starts.toSorted((a, b) => a - b);
  const taken: Stretch[] = [];
  const free: { from: number; to: number }[] = [];
  const left: number[] = [];
  shares.forEach((share, of) => {
    const from = starts[of] as number;
    const end = inOrder[inOrder.indexOf(from) + 1] ?? places;
    const to = Math.min(from + share, end);
    if (to > from) taken.push({ from, to, of });
    if (end > to) free.push({ from: to, to: end });
    left.push(share - (to - from));
  });
  free.sort((a, b) => a.from - b.from);
  left.forEach((share, of) => {
    let wanted = share;
    for (let last = free.at(-1); wanted > 0 && last; last = free.at(-1)) {
      const from = Math.max(last.from, last.to - wanted);
      taken.push({ from, to: last.to, of });
      wanted -= last.to - from;
      last.to = from;
      if (last.to === last.from) free.pop();
    }
  });
  return taken.sort((a, b) => a.from - b.from);
}

/** 0, ½, ¼, ¾, ⅛, ⅝, …: the digits of the index in base 2, mirrored at the point. */
function vanDerCorput(index: number): number {
  let sum = 0;
  for (let rest = index, part = 0.5; rest > 0; rest >>= 1, part /= 2) if (rest & 1) sum += part;
  return sum;
}

/** Finds what stands at a place; undefined between stretches. */
export function stretchAt(stretches: readonly Stretch[], place: number): Stretch | undefined {
  let low = 0;
  let high = stretches.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const stretch = stretches[middle] as Stretch;
    if (place < stretch.from) high = middle - 1;
    else if (place >= stretch.to) low = middle + 1;
    else return stretch;
  }
  return undefined;
}
