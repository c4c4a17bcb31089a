declare const timerBrand: unique symbol;

/** A pending timer; opaque, only good for {@link Clock.clearTimer}. */
export interface Timer {
  readonly [timerBrand]?: never;
}

/**
 * Every reading of time and every wait goes through a clock, so that tests and simulations own both.
 */
export interface Clock {
  /** Monotonic milliseconds with fractions; its zero has no meaning. Measure durations and deadlines with it. */
  now(): number;
  /** Milliseconds since the Unix epoch, for people and for the wire; it may jump. */
  wallTime(): number;
  /**
   * Runs `callback` once after `delayMs` (0 to 2^31 − 1 milliseconds), and not before what had arrived by then has been
   * read: who judges that nothing came must have looked.
   * @param background - true for a timer that must not keep the process alive. @defaultValue false
   */
  setTimer(callback: () => void, delayMs: number, background?: boolean): Timer;
  /** Ends a pending timer; harmless for one that has already run. */
  clearTimer(timer: Timer): void;
}
