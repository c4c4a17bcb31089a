import type { Instance } from '../instance.js';

/** One instance, and the public name of the process that registered it. */
export interface CatalogEntry {
  readonly instance: Instance;
  readonly holder: string;
}

/** Instances by id and by service. Plain data structure: what a registry's server has, and what each client replicates. */
export class Catalog {
  readonly #entries = new Map<string, CatalogEntry>();
  readonly #services = new Map<string, Map<string, Instance>>();

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): CatalogEntry | undefined {
    return this.#entries.get(id);
  }

  entries(): IterableIterator<CatalogEntry> {
    return this.#entries.values();
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
    list.set(instance.id, instance);
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
