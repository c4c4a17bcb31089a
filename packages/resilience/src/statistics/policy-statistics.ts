import type { LatencyDigest, LatencySnapshot } from '@fwk/kernel';
import { type PolicyCounts, sumCounts } from './policy-counts.js';

/** The numbers of a policy as they are at one moment; plain data. */
export interface PolicyStatistics {
  /** How far back `recent` and `latency` reach, in milliseconds. */
  readonly windowMs: number;
  /** Calls under way. */
  readonly inFlight: number;
  /** Counts of the window. */
  readonly recent: PolicyCounts;
  /** Counts since the policy was made. */
  readonly total: PolicyCounts;
  /** How long calls took that succeeded or failed, from the outside: waits and retries included. A sample under load. */
  readonly latency: LatencySnapshot;
}

/** Something with numbers that can be added to others. */
export interface StatisticsSource {
  statistics(): PolicyStatistics;
  /** A digest of the recent latencies, the caller's own to merge with others. */
  latencies(): LatencyDigest;
}

/**
 * The numbers of several together, such as the places that use one policy. Percentiles are those of all their calls.
 * @param sources - at least one.
 */
export function sumStatistics(sources: readonly StatisticsSource[]): PolicyStatistics {
  const all = sources.map((source) => source.statistics());
  const [latencies, ...others] = sources.map((source) => source.latencies());
  for (const other of others) latencies?.merge(other);
  return Object.freeze({
    windowMs: all[0]!.windowMs,
    inFlight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
    recent: sumCounts(all.map(({ recent }) => recent)),
    total: sumCounts(all.map(({ total }) => total)),
    latency: latencies!.snapshot(),
  });
}
