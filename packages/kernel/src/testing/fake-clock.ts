import type { Clock, Timer } from '../time/clock.js';
import { sweepTimers } from '../time/time-limits.js';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /**
   * Moves time by `durationMs`, running each timer at its own moment and letting promises settle in between, so that
   * what a timer starts may set timers that fall due in the same stretch. What a timer throws rejects it.
   * @throws RangeError when `durationMs` is negative or NaN.
   */
  advance(durationMs: number): Promise<void>;
  /** Lets promises settle without moving time. */
  settle(): Promise<void>;
  /** Moves to the next pending timer and runs it; false when there is none. */
  runNext(): Promise<boolean>;
  /** How many timers wait, without that of {@link TimeLimits}, which stays for up to 20 ms after the last limit. */
  readonly pending: number;
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Makes a fake clock.
 * @param startMs - what `now()` says first. @defaultValue 0
 * @param epochMs - wall time at that moment. @defaultValue 1 700 000 000 000
 */
export function fakeClock(startMs = 0, epochMs = 1_700_000_000_000): FakeClock {
  const timers = new Set<Entry>();
  let nowMs = startMs;
  let order = 0;

  const nextDue = (limitMs: number): Entry | undefined => {
    let next: Entry | undefined;
    for (const entry of timers) {
      if (entry.dueMs > limitMs) continue;
      if (!next || entry.dueMs < next.dueMs || (entry.dueMs === next.dueMs && entry.order < next.order)) next = entry;
    }
    return next;
  };
  const run = async (entry: Entry) => {
    timers.delete(entry);
    nowMs = entry.dueMs;
    entry.callback();
    await settle();
  };

  const clock: FakeClock = {
    now: () => nowMs,
    wallTime: () => epochMs + nowMs - startMs,
    setTimer(callback, delayMs) {
      if (Number.isNaN(delayMs)) throw new RangeError('a timer was set with a delay of NaN ms');
      const entry: Entry = { dueMs: nowMs + Math.max(0, delayMs), order: order++, callback };
      timers.add(entry);
      return entry as Timer;
    },
    clearTimer: (timer) => void timers.delete(timer as Entry),
    async advance(durationMs) {
      if (!(durationMs >= 0)) throw new RangeError(`time cannot advance by ${durationMs} ms`);
      const endMs = nowMs + durationMs;
      await settle();
      for (let entry = nextDue(endMs); entry; entry = nextDue(endMs)) await run(entry);
      nowMs = Math.max(nowMs, endMs);
      await settle();
    },
    settle,
    async runNext() {
      const entry = nextDue(Number.POSITIVE_INFINITY);
      if (entry) await run(entry);
      return entry !== undefined;
    },
    get pending() {
      return timers.size - sweepTimers(clock);
    },
  };
  return clock;
}

/** A macrotask lets every promise chain run to its end, however long. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
