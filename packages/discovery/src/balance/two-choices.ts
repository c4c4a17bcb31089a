/**
 * The power of two choices: two different endpoints are drawn and the better one taken. It costs the same for ten as for
 * ten thousand endpoints and cannot herd, since no two callers see the same two. Source: Mitzenmacher 2001; Finagle's P2C.
 *
 * When neither draw is available, another pair is drawn, up to `maxEffort` pairs. When hardly any is available that misses
 * them (with a share u unavailable, with probability u^(2·maxEffort)), so then all are looked at in turn from a random one
 * on. When none is, the better of the last pair is taken all the same: rather a doubtful host than none.
 */
import type { Candidate, Picker } from './balancer.js';

/** Pairs drawn before an unavailable endpoint is taken. */
export const MAX_EFFORT = 4;
/** Endpoints looked at in turn after that, so that a pick stays cheap however many there are. */
const MAX_LOOKED_AT = 256;

/** Makes the picker. */
export function twoChoices(candidates: readonly Candidate[], random: () => number, maxEffort = MAX_EFFORT): Picker {
  const count = candidates.length;
  if (count < 2) return { pick: () => candidates[0] };
  return {
    pick(nowMs, request) {
      let chosen: Candidate | undefined;
      for (let effort = 0; effort < maxEffort; effort++) {
        const first = Math.floor(random() * count);
        let second = Math.floor(random() * (count - 1));
        if (second >= first) second++;
        const a = candidates[first] as Candidate;
        const b = candidates[second] as Candidate;
        const aAvailable = a.available(request);
        if (aAvailable !== b.available(request)) return aAvailable ? a : b;
        chosen = a.load(nowMs) <= b.load(nowMs) ? a : b;
        if (aAvailable) return chosen;
      }
      return inTurn(candidates, random, request) ?? chosen;
    },
  };
}

function inTurn(candidates: readonly Candidate[], random: () => number, request: unknown): Candidate | undefined {
  const count = candidates.length;
  // Two have been looked at already.
  if (count === 2) return undefined;
  const start = Math.floor(random() * count);
  for (let looked = 0; looked < Math.min(count, MAX_LOOKED_AT); looked++) {
    const candidate = candidates[(start + looked) % count] as Candidate;
    if (candidate.available(request)) return candidate;
  }
  return undefined;
}
