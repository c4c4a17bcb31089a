import {
  type Clock,
  cancellable,
  detached,
  type HealthIndicator,
  type HealthReport,
  messageOf,
  type Timer,
} from '@fwk/kernel';
import { reportOf } from './status.js';

/** What the last run of a check found. */
export interface CheckResult extends HealthReport {
  /** When it ended, on `clock.now()`. */
  readonly atMs: number;
  readonly durationMs: number;
}

/** One indicator, run again and again in the background. */
export interface CheckRunner extends Disposable {
  readonly indicator: HealthIndicator;
  /** Undefined until the first run has ended. */
  readonly last: CheckResult | undefined;
  /** Begins, unless it has begun; settles when the first run has ended. Never rejects. */
  start(): Promise<void>;
  /**
   * Looks again at once where the last run answered something other than UP; settles when that run has ended. A check
   * that gave no answer in time is left to its interval.
   */
  recheck(): Promise<void>;
}

/** Defaults of a {@link HealthIndicator}, in milliseconds. */
export const checkDefaults = Object.freeze({ timeoutMs: 1000, intervalMs: 5000 });

/**
 * Runs one check. A run that passes its limit is cancelled and counts as DOWN at once; a check that ignores being
 * cancelled is not started again until it has ended, so hanging checks cannot pile up.
 */
export function checkRunner(
  clock: Clock,
  indicator: HealthIndicator,
  onResult: (result: CheckResult, previous: CheckResult | undefined) => void,
): CheckRunner {
  const timeoutMs = indicator.timeoutMs ?? checkDefaults.timeoutMs;
  const intervalMs = indicator.intervalMs ?? checkDefaults.intervalMs;
  let last: CheckResult | undefined;
  let next: Timer | undefined;
  let disposed = false;
  let first: Promise<void> | undefined;
  let stop = () => {};

  const run = (): Promise<void> =>
    new Promise((resolve) => {
      next = undefined;
      const startMs = clock.now();
      const call = cancellable(undefined, { deadlineMs: startMs + timeoutMs });
      let answered = false;
      const answer = (report: HealthReport) => {
        if (answered) return;
        answered = true;
        clock.clearTimer(timer);
        const previous = last;
        if (!disposed) {
          last = { ...report, atMs: clock.now(), durationMs: clock.now() - startMs };
          onResult(last, previous);
        }
        resolve();
      };
      const again = () => {
        if (!disposed) next = clock.setTimer(() => void run(), intervalMs, true);
      };
      const timer = clock.setTimer(
        () => {
          answer({ status: 'DOWN', details: { error: `no answer within ${timeoutMs} ms` } });
          call.cancel();
        },
        timeoutMs,
        true,
      );
      stop = () => {
        answer({ status: 'UNKNOWN' });
        call.cancel();
      };
      // async, so that a synchronous throw is a failed check like any other.
      (async () => indicator.check(call.context))()
        .then(
          (answered) => answer(reportOf(answered)),
          (error: unknown) => answer({ status: 'DOWN', details: { error: messageOf(error) } }),
        )
        .then(() => {
          call[Symbol.dispose]();
          again();
        });
    });

  return {
    indicator,
    get last() {
      return last;
    },
    start() {
      // The check goes on for ever, whoever started it; its context bounds each run.
      first ??= detached(run);
      return first;
    },
    async recheck() {
      // A run is due only where none is under way.
      if (next === undefined || last === undefined || last.status === 'UP' || last.durationMs >= timeoutMs) return;
      clock.clearTimer(next);
      await detached(run);
    },
    [Symbol.dispose]() {
      disposed = true;
      if (next) clock.clearTimer(next);
      stop();
    },
  };
}
