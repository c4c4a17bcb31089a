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
  // Divided, not multiplied: 7 of 100 are the number 0.07 exactly, but 0.07 · 100 is a little more than 7.
  const failed = window.failures / calls;
  const failureRatio = currentOf(options.failureRatio);
  if (failed >= failureRatio) return { rule: 'failure-ratio', measured: failed, threshold: failureRatio };
  const slow = window.slow / calls;
  const slowRatio = currentOf(options.slowCallRatio);
  if (slow >= slowRatio) return { rule: 'slow-call-ratio', measured: slow, threshold: slowRatio };
  return undefined;
}
