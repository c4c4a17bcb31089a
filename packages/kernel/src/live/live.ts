/** What every live value carries, so that one of a duplicate copy of this package is known too. */
export const liveBrand = Symbol.for('@fwk/live');

/** Since when and why a live value may no longer be true. */
export interface Staleness {
  /** Wall-clock milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly reason: string;
}

/**
 * A current value that changes: read it, subscribe to it, map it. Configuration, membership and tunable options are
 * all of this kind. Reading what an owner sets is a plain property read; nothing is computed on a timer.
 */
export interface Live<out T> {
  readonly value: T;
  /** Rises with each change; equal versions mean an unchanged value. */
  readonly version: number;
  /** Undefined while the value is fresh. Becoming stale or fresh is not a change: listeners are told of values. */
  readonly stale: Staleness | undefined;
  /**
   * Calls `listener` after each change made from now on, in order; not for the current value. A listener that throws is
   * reported and stops nobody; one that was disposed is not called again, not even for a change under way.
   */
  subscribe(listener: LiveListener<T>): Disposable;
  /** A live value derived from this one; computed when read or when observed, and only after a change. */
  map<U>(project: (value: T) => U): Live<U>;
  readonly [liveBrand]: true;
}

/** Receives the new value and the one before it. */
export type LiveListener<in T> = (value: T, previous: T) => void;

/** What a listener's error is handed to, with the live value's name. */
export type ListenerErrorHandler = (error: unknown, name: string) => void;

/** True for a live value, also one of a duplicate copy of this package. */
export function isLive(value: unknown): value is Live<unknown> {
  return typeof value === 'object' && value !== null && liveBrand in value;
}

/** Reads an option that may be live. */
export function currentOf<T>(option: T | Live<T>): T {
  return isLive(option) ? (option as Live<T>).value : (option as T);
}
