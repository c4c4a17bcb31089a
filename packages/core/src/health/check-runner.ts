import {
  type Clock,
  cancellable,
  detached,
  type HealthIndicator,
  type HealthReport,
  jittered,
  type Timer,
} from '@fwk/kernel';
import type { CheckPlan } from './check-plan.js';
import { failedReport, reportOf } from './status.js';

/** What the last run of a check found. */
export interface CheckResult extends HealthReport {
  /** When it ended, on `clock.now()`. */
  readonly atMs: number;
  readonly durationMs: number;
}

/** What a runner runs with. */
export interface RunnerParts {
  readonly clock: Clock;
  readonly random: () => number;
  onResult(result: CheckResult, previous: CheckResult | undefined): void;
}

/** Shortest time from the end of a run to a run that a change asks for, in milliseconds. */
const betweenChangesMs = 100;

/**
 * Runs one check again and again in the background, and soon after what it looks at has changed (`changes`). A run that passes its limit is cancelled and counts as DOWN at once; a
 * check that ignores being cancelled is not started again until it has ended, so hanging checks cannot pile up. A process that
 * was frozen finds one run due, however many it has missed.
 */
export class CheckRunner implements Disposable {
  readonly indicator: HealthIndicator;
  readonly #parts: RunnerParts;
  #plan: CheckPlan;
  #last: CheckResult | undefined;
  /** The timer of the next run; undefined while one is under way. */
  #next: Timer | undefined;
  #endedAtMs = 0;
  #disposed = false;
  #running = false;
  /** Something has changed since the run began that is under way. */
  #changed = false;
  #changes: Disposable | undefined;
  #first: Promise<void> | undefined;
  #giveUp = () => {};

  constructor(indicator: HealthIndicator, plan: CheckPlan, parts: RunnerParts) {
    this.indicator = indicator;
    this.#plan = plan;
    this.#parts = parts;
  }

  get plan(): CheckPlan {
    return this.#plan;
  }

  /** Undefined until the first run has ended, and while the check is turned off. */
  get last(): CheckResult | undefined {
    return this.#last;
  }

  /** Begins, unless it has begun; settles when the first run has ended. Never rejects. */
  start(): Promise<void> {
    // The check goes on for ever, whoever started it; its context bounds each run.
    if (!this.#first) {
      this.#changes = this.indicator.changes?.subscribe(() => this.#onChange());
      this.#first = this.#plan.enabled ? detached(() => this.#run()) : Promise.resolve();
    }
    return this.#first;
  }

  /**
   * Looks again at once where the last run answered something other than UP; settles when that run has ended. A check
   * that gave no answer in time is left to its interval.
   */
  async recheck(): Promise<void> {
    const last = this.#last;
    // A run is due only where none is under way.
    if (!this.#next || !last || last.status === 'UP' || last.durationMs >= this.#plan.timeoutMs) return;
    this.#parts.clock.clearTimer(this.#next);
    await detached(() => this.#run());
  }

  /** Goes on by another plan, at once. */
  follow(plan: CheckPlan): void {
    const was = this.#plan;
    this.#plan = plan;
    if (!this.#first || this.#disposed) return;
    if (!plan.enabled) {
      this.#halt();
      this.#last = undefined;
    } else if (!was.enabled) {
      if (!this.#running) void detached(() => this.#run());
    } else if (this.#next && was.intervalMs !== plan.intervalMs) {
      this.#parts.clock.clearTimer(this.#next);
      detached(() => this.#runLater());
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#changes?.[Symbol.dispose]();
    this.#halt();
  }

  #halt(): void {
    if (this.#next) this.#parts.clock.clearTimer(this.#next);
    this.#next = undefined;
    this.#giveUp();
  }

  #run(): Promise<void> {
    const { clock } = this.#parts;
    const { timeoutMs } = this.#plan;
    return new Promise((resolve) => {
      this.#next = undefined;
      this.#running = true;
      this.#changed = false;
      const startMs = clock.now();
      const call = cancellable(undefined, { deadlineMs: startMs + timeoutMs });
      let answered = false;
      const answer = (report: HealthReport | undefined) => {
        if (answered) return;
        answered = true;
        clock.clearTimer(timer);
        if (report) this.#found({ ...report, atMs: clock.now(), durationMs: clock.now() - startMs });
        resolve();
      };
      const timer = clock.setTimer(
        () => {
          answer({ status: 'DOWN', details: { error: `no answer within ${timeoutMs} ms` } });
          call.cancel();
        },
        timeoutMs,
        true,
      );
      this.#giveUp = () => {
        answer(undefined);
        call.cancel();
      };
      // async, so that a synchronous throw is a failed check like any other.
      (async () => reportOf(await this.indicator.check(call.context)))()
        .then(answer, (error: unknown) => answer(failedReport(error)))
        .finally(() => {
          call[Symbol.dispose]();
          this.#running = false;
          this.#endedAtMs = clock.now();
          this.#runLater();
        });
    });
  }

  #found(result: CheckResult): void {
    const previous = this.#last;
    this.#last = result;
    this.#parts.onResult(result, previous);
  }

  /** A run that is under way may have looked before the change, so another one follows it. */
  #onChange(): void {
    this.#changed = true;
    if (!this.#next) return;
    this.#parts.clock.clearTimer(this.#next);
    detached(() => this.#runLater());
  }

  #runLater(): void {
    if (this.#disposed || !this.#plan.enabled) return;
    const { clock, random } = this.#parts;
    const { intervalMs, jitter } = this.#plan;
    const pauseMs = jittered(intervalMs, jitter, random);
    const dueMs = this.#endedAtMs + (this.#changed ? Math.min(pauseMs, betweenChangesMs) : pauseMs);
    this.#next = clock.setTimer(() => void this.#run(), Math.max(0, dueMs - clock.now()), true);
  }
}
