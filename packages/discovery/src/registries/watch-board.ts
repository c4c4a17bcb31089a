/**
 * The watches that one registry has handed out over one catalog. All watches of one service share one live value; it is
 * dropped with the last of them.
 */
import { type LiveSource, liveValue, type Staleness } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { ServicesWatch, Watch } from '../registry.js';
import type { Catalog } from './catalog.js';

interface Shared<T> {
  readonly source: LiveSource<T>;
  users: number;
}

/** Live lists over a catalog, kept up to date by whoever changes the catalog. */
export class WatchBoard {
  readonly known: LiveSource<boolean>;
  readonly #catalog: Catalog;
  readonly #lists = new Map<string, Shared<readonly Instance[]>>();
  #names: Shared<readonly string[]> | undefined;
  #stale: Staleness | undefined;

  /** @param known - whether the catalog already holds the truth. */
  constructor(catalog: Catalog, known: boolean) {
    this.#catalog = catalog;
    this.known = liveValue(known, { name: 'registry known' });
  }

  /** Whether anybody watches. */
  get watched(): boolean {
    return this.#lists.size > 0 || this.#names !== undefined;
  }

  watch(service: string): Watch {
    let shared = this.#lists.get(service);
    if (!shared) {
      shared = this.#share(this.#catalog.instancesOf(service), `instances of ${service}`);
      this.#lists.set(service, shared);
    }
    const { source } = shared;
    const release = this.#hold(shared, () => this.#lists.delete(service));
    return { instances: source, known: this.known, [Symbol.dispose]: release };
  }

  services(): ServicesWatch {
    this.#names ??= this.#share(this.#catalog.serviceNames(), 'service names');
    const { source } = this.#names;
    const release = this.#hold(this.#names, () => {
      this.#names = undefined;
    });
    return { names: source, known: this.known, [Symbol.dispose]: release };
  }

  /** Tells the watches of these services what the catalog now holds. */
  publish(services: Iterable<string>): void {
    for (const service of services) this.#lists.get(service)?.source.set(this.#catalog.instancesOf(service));
    // A value makes a list fresh again; the connection's own mark must outlive changes made from what is known.
    if (this.#stale) this.markStale(this.#stale.reason, this.#stale.sinceMs);
    if (!this.#names) return;
    const names = this.#catalog.serviceNames();
    if (!sameNames(names, this.#names.source.value)) this.#names.source.set(names);
  }

  markStale(reason: string, sinceMs: number): void {
    this.#stale = { reason, sinceMs };
    for (const source of this.#sources()) source.markStale(reason, sinceMs);
  }

  markFresh(): void {
    this.#stale = undefined;
    for (const source of this.#sources()) source.markFresh();
  }

  *#sources(): Iterable<LiveSource<unknown>> {
    for (const { source } of this.#lists.values()) yield source as LiveSource<unknown>;
    if (this.#names) yield this.#names.source as LiveSource<unknown>;
  }

  #share<T>(value: T, name: string): Shared<T> {
    const source = liveValue(value, { name });
    if (this.#stale) source.markStale(this.#stale.reason, this.#stale.sinceMs);
    return { source, users: 0 };
  }

  #hold(
    shared: Shared<unknown> | Shared<readonly Instance[]> | Shared<readonly string[]>,
    drop: () => void,
  ): () => void {
    shared.users++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      shared.users--;
      if (shared.users === 0) drop();
    };
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
