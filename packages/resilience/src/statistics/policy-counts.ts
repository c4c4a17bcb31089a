/**
 * What is counted of a policy. Every call that has ended is counted by exactly one outcome; the rest says what happened
 * on its way, and may happen several times in one call or not at all.
 */

/** How calls ended. */
export const outcomeNames = Object.freeze(['successes', 'failures', 'ignored', 'rejected', 'cancelled'] as const);

/** What happened on the way. */
export const incidentNames = Object.freeze([
  'retries',
  'retriesRefused',
  'timeouts',
  'lateAnswers',
  'deadlinesExceeded',
  'fallbacks',
  'fallbackFailures',
  'breakerRejections',
  'bulkheadRejections',
  'rateRejections',
  'throttleRejections',
  'limitRejections',
  'hedges',
  'cacheHits',
  'coalesced',
  'faults',
] as const);

/** One of the ways in which a call ends. */
export type OutcomeName = (typeof outcomeNames)[number];
/** One of the things that may happen on the way. */
export type IncidentName = (typeof incidentNames)[number];

/** Counts of a policy; plain data. `calls = successes + failures + ignored + rejected + cancelled`. */
export interface PolicyCounts {
  /** Calls that have ended. */
  readonly calls: number;
  /** Ended with an answer, whoever gave it: the callee, a cache, a fallback. */
  readonly successes: number;
  readonly failures: number;
  /** Ended in a way that says nothing about the callee: the request itself was wrong. */
  readonly ignored: number;
  /** Refused by one of the layers: breaker, bulkhead, a limit. */
  readonly rejected: number;
  /** Given up by their callers. */
  readonly cancelled: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Attempts that were not made because too many calls retried already. */
  readonly retriesRefused: number;
  /** Attempts that ran into their limit. */
  readonly timeouts: number;
  /** Answers that came after their attempt had been given up. */
  readonly lateAnswers: number;
  /** Calls or waits whose total time ran out. */
  readonly deadlinesExceeded: number;
  /** Failed calls that a fallback answered. */
  readonly fallbacks: number;
  /** Failed calls whose fallback failed as well. */
  readonly fallbackFailures: number;
  /** Attempts that the breaker refused. */
  readonly breakerRejections: number;
  readonly bulkheadRejections: number;
  readonly rateRejections: number;
  readonly throttleRejections: number;
  readonly limitRejections: number;
  /** Extra attempts that were sent beside a slow one. */
  readonly hedges: number;
  /** Calls that a cache answered. */
  readonly cacheHits: number;
  /** Calls that waited for another one's answer instead of being sent. */
  readonly coalesced: number;
  /** Faults that were put in on purpose. */
  readonly faults: number;
}

const names: readonly (OutcomeName | IncidentName)[] = Object.freeze([...outcomeNames, ...incidentNames]);

/** How many numbers are counted side by side. */
export const channels = names.length;

/** Where a number stands among the counts. */
export function channelOf(name: OutcomeName | IncidentName): number {
  return names.indexOf(name);
}

/** Names the numbers of a row of counts. */
export function countsOf(read: (channel: number) => number): PolicyCounts {
  const counts = Object.fromEntries(names.map((name, channel) => [name, read(channel)])) as Record<string, number>;
  const calls = outcomeNames.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  return Object.freeze({ calls, ...counts }) as PolicyCounts;
}

/** Adds counts of several, such as the places that use one policy. */
export function sumCounts(all: readonly PolicyCounts[]): PolicyCounts {
  return countsOf((channel) => all.reduce((sum, counts) => sum + counts[names[channel]!], 0));
}
