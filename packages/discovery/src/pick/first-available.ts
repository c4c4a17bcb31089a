import type { Candidate } from './balancer.js';

/** Endpoints looked at in turn, so that a pick stays cheap however many there are. */
const MAX_LOOKED_AT = 256;

/** The first that is available, in turn from an index on; undefined if none is, or none of the first 256. */
export function firstAvailable(
  candidates: readonly Candidate[],
  start: number,
  request: unknown,
): Candidate | undefined {
  const count = candidates.length;
  for (let looked = 0; looked < Math.min(count, MAX_LOOKED_AT); looked++) {
    const candidate = candidates[(start + looked) % count] as Candidate;
    if (candidate.available(request)) return candidate;
  }
  return undefined;
}
