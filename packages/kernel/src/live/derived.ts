/**
 * Live values computed from others. They pull: a read asks the sources for their versions and recomputes only after a
 * change, so nobody ever reads a mix of old and new. They listen to their sources only while somebody listens to them,
 * so a derived value that is dropped leaves nothing behind.
 *
 * A listener hears of a derived value only when the value itself has changed since it was last told; several changes of
 * sources within one notification arrive as one.
 */
import { Listeners } from './listeners.js';
import { type ListenerErrorHandler, type Live, type LiveListener, liveBrand, type Staleness } from './live.js';

const unchanging = Object.freeze({ version: 0 });

class Derived<T> implements Live<T> {
  /** What it is computed from. */
  readonly sources: readonly Live<unknown>[];
  /** The first source, or what never changes where there is none. Most have one alone, and a read then looks at its version only. */
  readonly #first: Pick<Live<unknown>, 'version'>;
  readonly #others: readonly Live<unknown>[];
  readonly #compute: () => T;
  readonly #listeners: Listeners<T>;
  /** Sum of the sources' versions at the last computation. Versions only rise, so equal sums mean equal versions. */
  #seen = -1;
  #value!: T;
  #version = 0;
  /** What listeners know. Not always the value: a read between a source's change and its notification is ahead. */
  #told!: T;
  #subscriptions: readonly Disposable[] = [];

  constructor(sources: readonly Live<unknown>[], compute: () => T, name: string, onError?: ListenerErrorHandler) {
    this.sources = sources;
    this.#first = sources[0] ?? unchanging;
    this.#others = sources.slice(1);
    this.#compute = compute;
    this.#listeners = new Listeners(name, onError, () => this.#unobserve());
  }

  get [liveBrand](): true {
    return true;
  }

  get value(): T {
    const versions = this.#versions();
    if (versions !== this.#seen) this.#refresh(versions);
    return this.#value;
  }

  get version(): number {
    const versions = this.#versions();
    if (versions !== this.#seen) this.#refresh(versions);
    return this.#version;
  }

  /** Whether anybody listens. */
  get observed(): boolean {
    return this.#listeners.count > 0;
  }

  /** The oldest mark among the sources. */
  get stale(): Staleness | undefined {
    let oldest: Staleness | undefined;
    for (const { stale } of this.sources) {
      if (stale && (oldest === undefined || stale.sinceMs < oldest.sinceMs)) oldest = stale;
    }
    return oldest;
  }

  subscribe(listener: LiveListener<T>): Disposable {
    // First, because it throws where the projection has never succeeded, and then nothing may be left behind.
    if (this.#listeners.count === 0) this.#observe();
    return this.#listeners.add(listener);
  }

  map<U>(project: (value: T) => U): Live<U> {
    return mapLive(this, project, this.#listeners);
  }

  #versions(): number {
    let sum = this.#first.version;
    for (let at = 0; at < this.#others.length; at++) sum += (this.#others[at] as Live<unknown>).version;
    return sum;
  }

  #refresh(versions: number): void {
    const value = this.#compute();
    if (this.#version === 0 || !Object.is(value, this.#value)) this.#version++;
    this.#value = value;
    this.#seen = versions;
  }

  #observe(): void {
    this.#told = this.#known();
    const follow = () => this.#follow();
    this.#subscriptions = this.sources.map((source) => source.subscribe(follow));
  }

  /** The value, or the last one while the projection throws: what comes after can be told as a change of that. */
  #known(): T {
    try {
      return this.value;
    } catch (error) {
      if (this.#version === 0) throw error;
      return this.#value;
    }
  }

  #unobserve(): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#subscriptions = [];
  }

  #follow(): void {
    const value = this.value;
    const previous = this.#told;
    if (Object.is(value, previous)) return;
    this.#told = value;
    this.#listeners.publish(value, previous);
  }
}

/** What {@link Live.map} does, for all kinds of live value: the result takes over name and error handler. */
export function mapLive<T, U>(
  source: Live<T>,
  project: (value: T) => U,
  { name, onError }: { readonly name: string; readonly onError: ListenerErrorHandler },
): Live<U> {
  return new Derived([source], () => project(source.value), `${name}.map`, onError);
}

/** One live value out of several; recomputed after a change of any. */
export function combine<V extends readonly unknown[], T>(
  sources: readonly [...{ [K in keyof V]: Live<V[K]> }],
  project: (...values: V) => T,
): Live<T> {
  const values = () => sources.map((source: Live<unknown>) => source.value) as unknown[];
  return new Derived(sources, () => project(...(values() as [...V])), 'combine');
}
