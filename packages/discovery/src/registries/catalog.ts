import type { Instance } from '../instance.js';
import { type Override, overridden } from '../override.js';

/** One instance as it describes itself, and the public name of the process that registered it. */
export interface CatalogEntry {
  readonly instance: Instance;
  readonly holder: string;
  /** By what its process proves that it is the one, where the backend has such. */
  readonly owner?: string;
}

/**
 * Instances by id and by service, and what operators say of them. Plain data structure: what a registry's server has, and
 * what each client replicates. Lists show instances with their overrides applied; entries keep the instance's own word.
 */
export class Catalog {
  readonly #entries = new Map<string, CatalogEntry>();
  readonly #services = new Map<string, Map<string, Instance>>();
  readonly #overrides = new Map<string, Override>();

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): CatalogEntry | undefined {
    return this.#entries.get(id);
  }

  entries(): IterableIterator<CatalogEntry> {
    return this.#entries.values();
  }

  /** What operators say, by the ids of instances, which need not be there; the oldest first. */
  get overrides(): ReadonlyMap<string, Override> {
    return this.#overrides;
  }

  /** Sets, or lifts, what an operator says of an id; answers the names of the services whose lists have changed. */
  override(id: string, override: Override | undefined): readonly string[] {
    this.#overrides.delete(id);
    if (override) this.#overrides.set(id, override);
    const entry = this.#entries.get(id);
    return entry ? this.put(entry) : [];
  }

  /** Adds or replaces; answers the names of the services whose lists have changed (two when an id moved). */
  put(entry: CatalogEntry): readonly string[] {
    const { instance } = entry;
    const before = this.#entries.get(instance.id);
    this.#entries.set(instance.id, entry);
    const moved = before && before.instance.service !== instance.service;
    if (moved) this.#leave(before.instance);
    let list = this.#services.get(instance.service);
    if (!list) {
      list = new Map();
      this.#services.set(instance.service, list);
    }
    list.set(instance.id, overridden(instance, this.#overrides.get(instance.id)));
    return moved ? [before.instance.service, instance.service] : [instance.service];
  }

  /** Removes; answers what was there. */
  remove(id: string): CatalogEntry | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    this.#leave(entry.instance);
    return entry;
  }

  /** The instances of one service, oldest registration first. */
  instancesOf(service: string): readonly Instance[] {
    const list = this.#services.get(service);
    return list ? Object.freeze([...list.values()]) : none;
  }

  /** All instances, service by service. */
  instances(): readonly Instance[] {
    return [...this.#services.values()].flatMap((list) => [...list.values()]);
  }

  /** Sorted names of the services that have instances. */
  serviceNames(): readonly string[] {
    return Object.freeze([...this.#services.keys()].sort());
  }

  #leave({ id, service }: Instance): void {
    const list = this.#services.get(service);
    list?.delete(id);
    if (list?.size === 0) this.#services.delete(service);
  }
}

const none: readonly Instance[] = Object.freeze([]);
