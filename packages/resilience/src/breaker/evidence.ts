import type { Clock } from '@fwk/kernel';
import { CountOutcomes } from '../window/count-outcomes.js';
import type { OutcomeWindow } from '../window/outcome-window.js';
import { TimeOutcomes } from '../window/time-outcomes.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerStateRecord } from './breaker-state.js';
import { ErrorTally } from './error-tally.js';
import { type BrokenRule, brokenRule } from './rules.js';

/** What a breaker has seen of its callee, and whether that breaks a rule. What follows from it is the breaker's business. */
export class Evidence {
  readonly window: OutcomeWindow;
  readonly errors = new ErrorTally();
  /** Failures since the last success. */
  inARow = 0;
  readonly #options: BreakerOptions;

  constructor(options: BreakerOptions) {
    this.#options = options;
    const { windowCalls, windowMs, windowSlices } = options;
    this.window = windowCalls === undefined ? new TimeOutcomes(windowMs, windowSlices) : new CountOutcomes(windowCalls);
  }

  /** Takes a call into the window. @returns the rule that is broken now, if any */
  record(nowMs: number, failed: boolean, slow: boolean): BrokenRule | undefined {
    this.window.record(nowMs, failed, slow);
    return brokenRule(this.#options, this.window, this.inARow);
  }

  /** Forgets what was measured; the errors stay, to tell what came before. */
  clear(): void {
    this.window.clear();
    this.inARow = 0;
  }

  /** Goes on from what another breaker has measured, unless its window has passed. */
  restore({ calls, failures, slow, consecutiveFailures, exportedAtMs }: BreakerStateRecord, clock: Clock): void {
    this.errors.clear();
    const { windowCalls, windowMs } = this.#options;
    if (windowCalls === undefined && clock.wallTime() - exportedAtMs >= windowMs) this.window.clear();
    else this.window.restore(clock.now(), calls, failures, slow);
    this.inARow = consecutiveFailures;
  }
}
