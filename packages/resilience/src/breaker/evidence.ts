import type { Clock } from '@fwk/kernel';
import { CountOutcomes } from '../window/count-outcomes.js';
import type { OutcomeWindow } from '../window/outcome-window.js';
import { TimeOutcomes } from '../window/time-outcomes.js';
import type { BreakerOptions } from './breaker-options.js';
import type { BreakerStateRecord } from './breaker-state.js';
import { ErrorTally } from './error-tally.js';
import { type BrokenRule, brokenRule } from './rules.js';

/** Calls let through as a last resort for each that is answered. */
const LAST_RESORT_MULTIPLE = 4;

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

  /** Whether one more call is in proportion to what the callee has answered of late: none when it answers nothing. */
  admitsLastResort(nowMs: number, random: () => number): boolean {
    this.window.advance(nowMs);
    const { calls, failures } = this.window;
    return random() * calls < LAST_RESORT_MULTIPLE * (calls - failures);
  }

  /** Forgets all that came before a call that has just ended. */
  startWith(failed: boolean): void {
    this.clear();
    this.inARow = failed ? 1 : 0;
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
