/**
 * The power of two choices: two different endpoints are drawn and the better one taken. It costs the same for ten as for
 * ten thousand endpoints and cannot herd, since no two callers see the same two. Source: Mitzenmacher 2001; Finagle's P2C.
 *
 * When neither draw is available, another pair is drawn, up to `maxEffort` pairs; then the better of the last is taken all
 * the same. With a share u unavailable that happens with probability u^(2·maxEffort): rather a doubtful host than none.
 */
import type { Candidate, Picker } from './balancer.js';

/** Pairs drawn before an unavailable endpoint is taken. */
export const MAX_EFFORT = 4;

/** Makes the picker. */
export function twoChoices(candidates: readonly Candidate[], random: () => number, maxEffort = MAX_EFFORT): Picker {
  const count = candidates.length;
  if (count < 2) return { pick: () => candidates[0] };
  return {
    pick(nowMs) {
      let chosen: Candidate | undefined;
      for (let effort = 0; effort < maxEffort; effort++) {
        const first = Math.floor(random() * count);
        let second = Math.floor(random() * (count - 1));
        if (second >= first) second++;
        const a = candidates[first] as Candidate;
        const b = candidates[second] as Candidate;
        const aAvailable = a.available();
        if (aAvailable !== b.available()) return aAvailable ? a : b;
        chosen = a.load(nowMs) <= b.load(nowMs) ? a : b;
        if (aAvailable) return chosen;
      }
      return chosen;
    },
  };
}
