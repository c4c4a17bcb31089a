const brand = Symbol.for('@fwk/live');

/** Since when and why a live value may no longer be true. */
export interface Staleness {
  /** Wall-clock milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly reason: string;
}

/**
 * A current value that changes: read it, subscribe to it, map it. Configuration, membership and tunable options are
 * all of this kind. Reading is a plain property read; nothing is computed on a timer.
 */
export interface Live<out T> {
  readonly value: T;
  /** Rises with each change; equal versions mean an unchanged value. */
  readonly version: number;
  /** Undefined while the value is fresh. */
  readonly stale: Staleness | undefined;
  /**
   * Calls `listener` after each change, in order, not for the current value. A listener that throws is reported and
   * stops nobody.
   */
  subscribe(listener: LiveListener<T>): Disposable;
  /** A live value derived from this one; computed when read or when observed, and only after a change. */
  map<U>(project: (value: T) => U): Live<U>;
  readonly [brand]: true;
}

/** Receives the new value and the one before it. */
export type LiveListener<in T> = (value: T, previous: T) => void;

/** What a listener's error is handed to, with the live value's name. */
export type ListenerErrorHandler = (error: unknown, name: string) => void;

/** True for a live value, also one of a duplicate copy of this package. */
export function isLive(value: unknown): value is Live<unknown> {
  return typeof value === 'object' && value !== null && brand in value;
}

/** Reads an option that may be live. */
export function currentOf<T>(option: T | Live<T>): T {
  return isLive(option) ? (option as Live<T>).value : (option as T);
}

/** What the kinds of live value share: listeners, delivered in order and shielded from each other. */
export abstract class LiveBase<T> implements Live<T> {
  abstract readonly value: T;
  abstract readonly version: number;
  abstract readonly stale: Staleness | undefined;
  readonly name: string;
  protected readonly listeners = new Set<LiveListener<T>>();
  readonly #onError: ListenerErrorHandler;
  #queue: { value: T; previous: T }[] | undefined;

  constructor(name: string, onError: ListenerErrorHandler = warn) {
    this.name = name;
    this.#onError = onError;
  }

  get [brand](): true {
    return true;
  }

  subscribe(listener: LiveListener<T>): Disposable {
    // A wrapper of its own, so that the same function may subscribe twice and leave once.
    const own: LiveListener<T> = (value, previous) => listener(value, previous);
    this.listeners.add(own);
    if (this.listeners.size === 1) this.observed();
    return {
      [Symbol.dispose]: () => {
        if (this.listeners.delete(own) && this.listeners.size === 0) this.unobserved();
      },
    };
  }

  map<U>(project: (value: T) => U): Live<U> {
    return derive([this], () => project(this.value), `${this.name}.map`, this.#onError);
  }

  protected observed(): void {}
  protected unobserved(): void {}

  /** A change made by a listener waits until all have seen the one before it, so that nobody sees them out of order. */
  protected publish(value: T, previous: T): void {
    if (this.#queue) {
      this.#queue.push({ value, previous });
      return;
    }
    this.#queue = [{ value, previous }];
    for (let change = this.#queue.shift(); change; change = this.#queue.shift()) {
      for (const listener of [...this.listeners]) {
        try {
          listener(change.value, change.previous);
        } catch (error) {
          this.#onError(error, this.name);
        }
      }
    }
    this.#queue = undefined;
  }
}

function warn(error: unknown, name: string): void {
  process.emitWarning(`a listener of the live value "${name}" threw: ${error instanceof Error ? error.stack : error}`, {
    type: 'FwkListenerWarning',
  });
}

/** Derived values pull from their sources and listen to them only while somebody listens here: nothing can leak. */
class Derived<T> extends LiveBase<T> {
  readonly #sources: readonly Live<unknown>[];
  readonly #compute: () => T;
  #seen = -1;
  #value!: T;
  #version = 0;
  #subscriptions: Disposable[] = [];

  constructor(sources: readonly Live<unknown>[], compute: () => T, name: string, onError?: ListenerErrorHandler) {
    super(name, onError);
    this.#sources = sources;
    this.#compute = compute;
  }

  get value(): T {
    this.#refresh();
    return this.#value;
  }

  get version(): number {
    this.#refresh();
    return this.#version;
  }

  get stale(): Staleness | undefined {
    for (const source of this.#sources) if (source.stale) return source.stale;
    return undefined;
  }

  #refresh(): void {
    let seen = 0;
    for (const source of this.#sources) seen += source.version;
    if (seen === this.#seen) return;
    const value = this.#compute();
    if (this.#seen === -1 || !Object.is(value, this.#value)) this.#version++;
    this.#value = value;
    this.#seen = seen;
  }

  protected override observed(): void {
    this.#refresh();
    this.#subscriptions = this.#sources.map((source) =>
      source.subscribe(() => {
        const previous = this.#value;
        this.#refresh();
        if (!Object.is(previous, this.#value)) this.publish(this.#value, previous);
      }),
    );
  }

  protected override unobserved(): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#subscriptions = [];
  }
}

function derive<T>(
  sources: readonly Live<unknown>[],
  compute: () => T,
  name: string,
  onError?: ListenerErrorHandler,
): Live<T> {
  return new Derived(sources, compute, name, onError);
}

/** One live value out of several; recomputed after a change of any. */
export function combine<V extends readonly unknown[], T>(
  sources: readonly [...{ [K in keyof V]: Live<V[K]> }],
  project: (...values: V) => T,
): Live<T> {
  const values = () => sources.map((source: Live<unknown>) => source.value) as unknown[];
  return derive(sources, () => project(...(values() as [...V])), 'combine');
}
