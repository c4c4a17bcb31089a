import { type ListenerErrorHandler, type Live, LiveBase, type Staleness } from './live.js';

/** A live value with its writing end. */
export interface LiveSource<T> extends Live<T> {
  /** Replaces the value and makes it fresh; an identical value (`Object.is`) tells nobody. */
  set(value: T): void;
  /**
   * Says that the value may no longer be true. The value stays; the first mark of a row keeps its time.
   * @param sinceMs - wall-clock milliseconds since the epoch.
   */
  markStale(reason: string, sinceMs: number): void;
  /** Takes the mark away without changing the value. */
  markFresh(): void;
}

/** Options of {@link liveValue}. */
export interface LiveOptions {
  /** For messages. @defaultValue 'live value' */
  readonly name?: string;
  /** What a throwing listener's error is given to. @defaultValue a process warning */
  readonly onListenerError?: ListenerErrorHandler;
}

class Source<T> extends LiveBase<T> implements LiveSource<T> {
  value: T;
  version = 1;
  stale: Staleness | undefined;

  constructor(initial: T, options: LiveOptions) {
    super(options.name ?? 'live value', options.onListenerError);
    this.value = initial;
  }

  set(value: T): void {
    this.stale = undefined;
    const previous = this.value;
    if (Object.is(previous, value)) return;
    this.value = value;
    this.version++;
    this.publish(value, previous);
  }

  markStale(reason: string, sinceMs: number): void {
    this.stale = { reason, sinceMs: this.stale?.sinceMs ?? sinceMs };
  }

  markFresh(): void {
    this.stale = undefined;
  }
}

/** Makes a live value that its owner sets. */
export function liveValue<T>(initial: T, options: LiveOptions = {}): LiveSource<T> {
  return new Source(initial, options);
}
