/**
 * Limits repeated lines. Lines are equal when level, logger and message are equal. The first of each window are written, the others
 * are counted; when the window is over, one line has their number.
 *
 * State: counts by line, for at most {@link maxCounted} different lines. Further lines are always written.
 */
import { type Clock, redactText, type Timer } from '@fwk/kernel';
import type { WrittenLevel } from './log-level.js';

/** How repeated lines are left out. */
export interface LogSampling {
  /** Equal lines that are written in each window, 1 to 1,000,000. @defaultValue 100 */
  readonly first: number;
  /** Length of a window, 100 to 3,600,000 milliseconds. @defaultValue 1000 */
  readonly windowMs: number;
}

/** Defaults of {@link LogSampling}. */
export const logSamplingDefaults: Readonly<LogSampling> = Object.freeze({ first: 100, windowMs: 1000 });

/** Different lines that are counted at once. */
const maxCounted = 1000;
/** Of longer messages only this many characters are compared. */
const longestKey = 200;

/** Lines that were left out. */
export interface LeftOut {
  readonly level: WrittenLevel;
  readonly logger: string;
  readonly message: string;
  readonly count: number;
  readonly windowMs: number;
}

interface Counted {
  readonly level: WrittenLevel;
  readonly logger: string;
  readonly message: string;
  startMs: number;
  written: number;
  leftOut: number;
}

/** See the head of this file. */
export class RepeatedLines {
  readonly #clock: Clock;
  readonly #sampling: LogSampling;
  readonly #tell: (left: LeftOut) => void;
  readonly #counted = new Map<WrittenLevel, Map<string, Map<string, Counted>>>();
  #count = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, sampling: LogSampling, tell: (left: LeftOut) => void) {
    this.#clock = clock;
    this.#sampling = sampling;
    this.#tell = tell;
  }

  /** Counts a line. @returns whether it is to be written. @param nowMs - wall time. */
  admit(level: WrittenLevel, logger: string, message: string, nowMs: number): boolean {
    const counted = this.#find(level, logger, message);
    if (!counted) return true;
    const { first, windowMs } = this.#sampling;
    // Wall time may go back.
    if (nowMs >= counted.startMs + windowMs || nowMs < counted.startMs) {
      this.#tellOf(counted);
      counted.startMs = nowMs;
      counted.written = 0;
    }
    if (counted.written < first) {
      counted.written++;
      return true;
    }
    counted.leftOut++;
    this.#watch();
    return false;
  }

  /** Tells of all lines that were left out until now. */
  readonly tellAll = (): void => {
    this.#stopWatching();
    this.#each((counted) => this.#tellOf(counted));
  };

  #find(level: WrittenLevel, logger: string, message: string): Counted | undefined {
    const byMessage = within(within(this.#counted, level), logger);
    const key = message.length > longestKey ? copyOf(message.slice(0, longestKey)) : message;
    const known = byMessage.get(key);
    if (known) return known;
    if (this.#count >= maxCounted) this.#forgetQuiet();
    if (this.#count >= maxCounted) return undefined;
    const counted = {
      level,
      logger,
      message: shownOf(message),
      startMs: Number.NEGATIVE_INFINITY,
      written: 0,
      leftOut: 0,
    };
    byMessage.set(key, counted);
    this.#count++;
    return counted;
  }

  /** Makes room: forgets lines whose window is over and of which none was left out. */
  #forgetQuiet(): void {
    const overMs = this.#clock.wallTime() - this.#sampling.windowMs;
    for (const byLogger of this.#counted.values()) {
      for (const byMessage of byLogger.values()) {
        for (const [key, { startMs, leftOut }] of byMessage) {
          if (leftOut > 0 || startMs > overMs) continue;
          byMessage.delete(key);
          this.#count--;
        }
      }
    }
  }

  #watch(): void {
    if (this.#timer) return;
    this.#timer = this.#clock.setTimer(this.#windowOver, this.#sampling.windowMs, true);
    process.once('exit', this.tellAll);
  }

  #stopWatching(): void {
    if (!this.#timer) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    process.off('exit', this.tellAll);
  }

  readonly #windowOver = (): void => {
    this.#stopWatching();
    const overMs = this.#clock.wallTime() - this.#sampling.windowMs;
    this.#each((counted) => {
      if (counted.leftOut === 0) return;
      if (counted.startMs <= overMs) this.#tellOf(counted);
      else this.#watch();
    });
  };

  #tellOf(counted: Counted): void {
    const { level, logger, message, leftOut } = counted;
    if (leftOut === 0) return;
    counted.leftOut = 0;
    this.#tell({ level, logger, message, count: leftOut, windowMs: this.#sampling.windowMs });
  }

  #each(visit: (counted: Counted) => void): void {
    for (const byLogger of this.#counted.values()) {
      for (const byMessage of byLogger.values()) for (const counted of byMessage.values()) visit(counted);
    }
  }
}

/** The map under a key, made where there is none. */
function within<K, K2, V>(maps: Map<K, Map<K2, V>>, key: K): Map<K2, V> {
  const known = maps.get(key);
  if (known) return known;
  const made = new Map<K2, V>();
  maps.set(key, made);
  return made;
}

/** The message as it is shown with the count. It is masked before it is cut, since half a secret is not recognised. */
function shownOf(message: string): string {
  return message.length > longestKey ? redactText(message, longestKey) : message;
}

/** A slice keeps the whole text it was taken from; this does not. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
