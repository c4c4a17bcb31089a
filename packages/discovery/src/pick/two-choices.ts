/**
 * The power of two choices: two different endpoints are drawn and the better one taken. It costs the same for ten as for
 * ten thousand endpoints and cannot herd, since no two callers see the same two. Source: Mitzenmacher 2001; Finagle's P2C.
 *
 * Where weights differ, each of the two is drawn by weight, and calls under way at an endpoint count in relation to it. Both
 * draws may then be the same endpoint: one that carries most of the weight could not get its share otherwise.
 *
 * When neither draw is available, another pair is drawn, up to `maxEffort` pairs. When hardly any is available that misses
 * them (with a share u unavailable, with probability u^(2·maxEffort)), so then all are looked at in turn from a random one
 * on. When none is, the better of the last pair is taken all the same: rather a doubtful host than none.
 */
import type { Env } from '@fwk/kernel';
import type { Candidate, Picker } from './balancer.js';
import { AliasTable, sharesOf } from './weights.js';

/** Pairs drawn before an unavailable endpoint is taken. */
export const MAX_EFFORT = 4;
/** Endpoints looked at in turn after that, so that a pick stays cheap however many there are. */
const MAX_LOOKED_AT = 256;

/** Makes the picker. */
export function twoChoices(
  candidates: readonly Candidate[],
  { clock, random }: Env,
  maxEffort: number = MAX_EFFORT,
): Picker {
  if (candidates.length < 2) return { pick: () => candidates[0] };
  const shares = sharesOf(candidates, clock.now());
  if (shares) return weighted(candidates, random, maxEffort, shares);
  return alike(candidates, random, maxEffort);
}

function alike(candidates: readonly Candidate[], random: () => number, maxEffort: number): Picker {
  const count = candidates.length;
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

function weighted(
  candidates: readonly Candidate[],
  random: () => number,
  maxEffort: number,
  shares: Float64Array,
): Picker {
  const table = new AliasTable(shares);
  return {
    pick(nowMs, request) {
      let chosen: Candidate | undefined;
      for (let effort = 0; effort < maxEffort; effort++) {
        const first = table.draw(random());
        const second = table.draw(random());
        const a = candidates[first] as Candidate;
        const b = candidates[second] as Candidate;
        const aAvailable = a.available(request);
        if (aAvailable !== b.available(request)) return aAvailable ? a : b;
        chosen = first === second || a.load(nowMs, shares[first]) <= b.load(nowMs, shares[second]) ? a : b;
        if (aAvailable) return chosen;
      }
      return inTurn(candidates, random, request) ?? chosen;
    },
  };
}

function inTurn(candidates: readonly Candidate[], random: () => number, request: unknown): Candidate | undefined {
  const count = candidates.length;
  const start = Math.floor(random() * count);
  for (let looked = 0; looked < Math.min(count, MAX_LOOKED_AT); looked++) {
    const candidate = candidates[(start + looked) % count] as Candidate;
    if (candidate.available(request)) return candidate;
  }
  return undefined;
}
