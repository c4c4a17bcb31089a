import { currentOf } from '@fwk/kernel';
import type { OutcomeWindow } from '../window/outcome-window.js';
import type { BreakerOptions } from './breaker-options.js';
import type { OpeningRule } from './breaker-state.js';

/** A rule that says the breaker should be open. */
export interface BrokenRule {
  readonly rule: OpeningRule;
  readonly measured: number;
  readonly threshold: number;
}

/** The first rule that the measurements break, if any. Ratios are judged from `minimumCalls` on, rows of failures always. */
export function brokenRule(
  options: BreakerOptions,
  window: OutcomeWindow,
  consecutive: number,
): BrokenRule | undefined {
  const row = currentOf(options.consecutiveFailures);
  if (consecutive >= row) return { rule: 'consecutive-failures', measured: consecutive, threshold: row };
  const { calls } = window;
  if (calls < currentOf(options.minimumCalls)) return undefined;
  const failureRatio = currentOf(options.failureRatio);
  if (window.failures >= failureRatio * calls) {
    return { rule: 'failure-ratio', measured: window.failures / calls, threshold: failureRatio };
  }
  const slowRatio = currentOf(options.slowCallRatio);
  if (window.slow >= slowRatio * calls) {
    return { rule: 'slow-call-ratio', measured: window.slow / calls, threshold: slowRatio };
  }
  return undefined;
}
