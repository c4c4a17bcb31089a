import { mapLive } from './derived.js';
import { Listeners } from './listeners.js';
import { type ListenerErrorHandler, type Live, type LiveListener, liveBrand, type Staleness } from './live.js';

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

class Source<T> implements LiveSource<T> {
  value: T;
  version = 1;
  stale: Staleness | undefined;
  readonly #listeners: Listeners<T>;

  constructor(initial: T, options: LiveOptions) {
    this.value = initial;
    this.stale = undefined;
    this.#listeners = new Listeners(options.name ?? 'live value', options.onListenerError);
  }

  get [liveBrand](): true {
    return true;
  }

  subscribe(listener: LiveListener<T>): Disposable {
    return this.#listeners.add(listener);
  }

  map<U>(project: (value: T) => U): Live<U> {
    return mapLive(this, project, this.#listeners);
  }

  set(value: T): void {
    this.stale = undefined;
    const previous = this.value;
    if (Object.is(previous, value)) return;
    this.value = value;
    this.version++;
    this.#listeners.publish(value, previous);
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
