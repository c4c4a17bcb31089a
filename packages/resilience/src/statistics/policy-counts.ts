/**
 * What is counted of a policy. Every call that has ended is counted by exactly one outcome; the rest says what happened
 * on its way, and may happen several times in one call or not at all.
 */
import { canonicalOrder, type OrderLines } from '../order/canonical-order.js';
import type { CountsOf } from '../order/placed-part.js';

/** How calls ended. */
export const outcomeNames = Object.freeze(['successes', 'failures', 'ignored', 'rejected', 'cancelled'] as const);

/** What happened on the way: what the layers count, in canonical order. */
const incidentNames: readonly string[] = Object.freeze([
  ...new Set(canonicalOrder.flatMap(({ counts }) => Object.values(counts).flatMap(namesIn))),
]);

function namesIn(count: string | Readonly<Record<string, string>>): readonly string[] {
  return typeof count === 'string' ? [count] : Object.values(count);
}

/** One of the ways in which a call ends. */
export type OutcomeName = (typeof outcomeNames)[number];
/** One of the things that may happen on the way. */
export type IncidentName = keyof CountsOf<OrderLines>;

/** Counts of a policy; plain data. `calls = successes + failures + ignored + rejected + cancelled`. */
export interface PolicyCounts extends CountsOf<OrderLines> {
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
}

const names: readonly string[] = Object.freeze([...outcomeNames, ...incidentNames]);

/** How many numbers are counted side by side. */
export const channels = names.length;

/** Where a number stands among the counts. */
export function channelOf(name: string): number {
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
  return countsOf((channel) =>
    all.reduce((sum, counts) => sum + (counts[names[channel] as OutcomeName | IncidentName] ?? 0), 0),
  );
}

/** Counts of calls, and all that happened on their way: also in `others`, whose calls are none of them but attempts. */
export function withIncidents(calls: PolicyCounts, others: readonly PolicyCounts[]): PolicyCounts {
  const all = sumCounts([calls, ...others]);
  return countsOf((channel) => {
    const name = names[channel] as OutcomeName | IncidentName;
    return channel < outcomeNames.length ? calls[name] : all[name];
  });
}

/** What was counted between two moments. */
export function countsBetween(before: PolicyCounts, now: PolicyCounts): PolicyCounts {
  return countsOf((channel) => {
    const name = names[channel] as OutcomeName | IncidentName;
    return now[name] - before[name];
  });
}
