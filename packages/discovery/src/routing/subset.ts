/**
 * The part of the candidates that one caller keeps connections to. With a known place among the callers by deterministic
 * aperture, which loads all exactly alike; otherwise by rendezvous: those whose hashes with the caller's id come first, which
 * loads them alike only on average. Either way one candidate more or less changes at most one other.
 */
import { murmur3 } from '@fwk/kernel';
import type { Candidate } from '../pick/balancer.js';
import { type Place, sliceOf } from './aperture.js';
import { weightOf } from './instance-facts.js';
import { PartOfCandidate } from './part-of-candidate.js';

/** Who chooses. */
export interface Chooser {
  /** Id of its instance. */
  readonly id: string;
  readonly place: Place | undefined;
}

/** The part; all of them where there are no more than `size`. */
export function subsetOf(candidates: readonly Candidate[], { id, place }: Chooser, size: number): readonly Candidate[] {
  if (candidates.length <= size) return candidates;
  return place ? bySlice(candidates, place, size) : byRendezvous(candidates, murmur3(id), size);
}

function bySlice(candidates: readonly Candidate[], place: Place, size: number): readonly Candidate[] {
  // By their hashes, so that neighbours on the ring have nothing else in common.
  const hashes = new Map(candidates.map((candidate) => [candidate, murmur3(candidate.endpoint.id)]));
  const hashIn = (candidate: Candidate) => hashes.get(candidate) as number;
  const ring = candidates.toSorted(
    (first, second) => hashIn(first) - hashIn(second) || (first.endpoint.id < second.endpoint.id ? -1 : 1),
  );
  return sliceOf(ring.map(weightOf), place, size).map(({ index, part }) => {
    const candidate = ring[index] as Candidate;
    return part < 1 ? new PartOfCandidate(candidate, part) : candidate;
  });
}

function byRendezvous(candidates: readonly Candidate[], seed: number, size: number): readonly Candidate[] {
  const scores = Float64Array.from(candidates, ({ endpoint }) => murmur3(endpoint.id, seed));
  const last = scores.toSorted()[size - 1] as number;
  return candidates.filter((_candidate, at) => (scores[at] as number) <= last);
}
