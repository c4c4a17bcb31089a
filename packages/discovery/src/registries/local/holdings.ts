/**
 * Who holds how much of a registry, so that one process cannot fill it. Counted is what an instance takes written as JSON.
 */
import { RegistryFullError } from '../../errors.js';
import type { CatalogEntry } from '../catalog.js';
import type { LocalRegistryOptions } from './local-options.js';

/** What there may be, in all and of each owner. */
export type HoldingLimits = Pick<
  LocalRegistryOptions,
  'maxInstances' | 'maxInstancesEach' | 'maxBytes' | 'maxBytesEach'
>;

interface Holding {
  readonly ids: Set<string>;
  bytes: number;
}

const nothing: Holding = { ids: new Set(), bytes: 0 };

/** The instances of each owner, with their sizes. */
export class Holdings {
  readonly #limits: HoldingLimits;
  readonly #sizes = new Map<string, { readonly owner: string; readonly bytes: number }>();
  readonly #owners = new Map<string, Holding>();
  #bytes = 0;

  constructor(limits: HoldingLimits) {
    this.#limits = limits;
  }

  /** The ids that an owner holds. */
  idsOf(owner: string): ReadonlySet<string> {
    return (this.#owners.get(owner) ?? nothing).ids;
  }

  /**
   * Takes an instance, in place of what was there under its id.
   * @returns the bytes that it takes.
   * @throws RegistryFullError, and leaves what was there.
   */
  take({ instance, owner = '' }: CatalogEntry): number {
    const { id } = instance;
    const before = this.#sizes.get(id);
    const bytes = Buffer.byteLength(JSON.stringify(instance));
    const held = this.#owners.get(owner) ?? nothing;
    const own = before?.owner === owner ? before : undefined;
    const { maxInstances, maxInstancesEach, maxBytes, maxBytesEach } = this.#limits;
    const atMost = (count: number, limit: number, what: string) => {
      if (count > limit) throw new RegistryFullError(what, limit);
    };
    atMost(this.#sizes.size + (before ? 0 : 1), maxInstances, 'instances');
    atMost(held.ids.size + (own ? 0 : 1), maxInstancesEach, 'instances of one process');
    // Nobody is refused for what takes no more room than before.
    if (bytes > (before?.bytes ?? 0)) {
      atMost(this.#bytes + bytes - (before?.bytes ?? 0), maxBytes, 'bytes of instances');
      atMost(held.bytes + bytes - (own?.bytes ?? 0), maxBytesEach, 'bytes of instances of one process');
    }
    this.drop(id);
    this.#sizes.set(id, { owner, bytes });
    this.#bytes += bytes;
    const holding = this.#owners.get(owner) ?? { ids: new Set(), bytes: 0 };
    this.#owners.set(owner, holding);
    holding.ids.add(id);
    holding.bytes += bytes;
    return bytes;
  }

  drop(id: string): void {
    const size = this.#sizes.get(id);
    if (!size) return;
    this.#sizes.delete(id);
    this.#bytes -= size.bytes;
    const holding = this.#owners.get(size.owner);
    if (!holding) return;
    holding.ids.delete(id);
    holding.bytes -= size.bytes;
    if (holding.ids.size === 0) this.#owners.delete(size.owner);
  }
}
