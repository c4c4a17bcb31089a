/**
 * Which part of the servers one client calls, so that C clients and S servers do not make C·S connections. Deterministic: all
 * clients know the same order of clients and servers, so nobody needs to ask anybody, and every server gets the same load.
 *
 * The servers lie on a ring [0, 1), each with an arc by its weight. Client i of C begins at i/C, and its slice is a whole number
 * of 1/C long. So every point lies in the same number of slices. A server at the edge of a slice lies in it in part, and gets
 * calls only for that part. The slice is the shortest one that always touches `size` servers. Source: Finagle, deterministic
 * aperture.
 */

/** A server in a slice. */
export interface Covered {
  readonly index: number;
  /** The part of its arc that lies in the slice, above 0 up to 1. */
  readonly part: number;
}

/** Where a client stands among all clients. */
export interface Place {
  readonly index: number;
  readonly count: number;
}

/** Parts of arcs below this come from rounding. */
const ROUNDING = 1e-9;

/**
 * The servers of one client's slice.
 * @param weights - those of the servers, in the order in which they lie on the ring.
 * @param size - servers to touch, at least 1.
 */
export function sliceOf(weights: readonly number[], { index, count }: Place, size: number): readonly Covered[] {
  const sum = weights.reduce((before, weight) => before + weight, 0);
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  // A slice longer than size − 1 of the longest arcs touches at least `size` servers. Half an arc is added, so that a server
  // or client more or less seldom changes the length.
  const units = Math.ceil((((size - 0.5) * heaviest) / sum) * count - ROUNDING);
  if (units >= count) return weights.map((_weight, at) => ({ index: at, part: 1 }));
  const from = (index / count) * sum;
  const length = (units / count) * sum;
  const covered: Covered[] = [];
  let start = 0;
  for (let at = 0; at < weights.length; at++) {
    const weight = weights[at] as number;
    // The slice may go past the end of the ring, and go on from its start.
    const inside = overlap(start, weight, from, length) + overlap(start, weight, from - sum, length);
    if (inside > weight * ROUNDING) covered.push({ index: at, part: Math.min(1, inside / weight) });
    start += weight;
  }
  return covered;
}

function overlap(start: number, length: number, otherStart: number, otherLength: number): number {
  return Math.max(0, Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart));
}
