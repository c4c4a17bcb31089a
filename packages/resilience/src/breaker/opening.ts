import { backoffBound, currentOf, jittered } from '@fwk/kernel';
import type { BreakerOptions } from './breaker-options.js';
import type { OpeningRecord } from './breaker-state.js';
import type { Evidence } from './evidence.js';
import type { BrokenRule } from './rules.js';

const TOP_ERRORS = 3;

/** How long a breaker stays open that has opened so many times in a row before, in milliseconds. */
export function openFor(options: BreakerOptions, times: number, random: () => number): number {
  const boundMs = backoffBound(times, {
    baseMs: currentOf(options.openMs),
    capMs: currentOf(options.maxOpenMs),
    factor: currentOf(options.openGrowth),
  });
  return jittered(boundMs, currentOf(options.openJitter), random);
}

/** Writes down an opening at the moment it happens. */
export function recordOpening(
  { rule, measured, threshold }: BrokenRule,
  { window, errors }: Evidence,
  moment: { readonly atMs: number; readonly openForMs: number; readonly times: number },
): OpeningRecord {
  return Object.freeze({
    rule,
    measured,
    threshold,
    calls: window.calls,
    failures: window.failures,
    slow: window.slow,
    topErrors: errors.top(TOP_ERRORS),
    firstTraceId: errors.firstTraceId,
    ...moment,
    nextProbeAtMs: moment.atMs + moment.openForMs,
  });
}
