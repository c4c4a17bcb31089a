/**
 * What a process believes of a registry: no more instances, and of no more size, than a machine could have, and none at an
 * address that is not this machine's or listed. The others stay out of its lists, and the log says so once.
 */
import type { Logger } from '@fwk/kernel';
import { RegistryFullError } from '../../errors.js';
import type { CatalogEntry } from '../catalog.js';
import { Holdings } from './holdings.js';
import type { AddressCheck } from './networks.js';

/** Most that is believed of one registry, whatever a registry served here would take. */
export const beliefLimits = Object.freeze({
  instances: 100_000,
  overrides: 10_000,
  /** Of all instances, written as JSON. */
  bytes: 256 * 1024 * 1024,
  /** Changes that are told while a list is told. */
  changes: 100_000,
});

/** Decides which entries a process takes over, and keeps count of them. */
export class Belief {
  readonly #check: AddressCheck;
  readonly #logger: Logger;
  readonly #held = new Holdings({
    maxInstances: beliefLimits.instances,
    maxInstancesEach: beliefLimits.instances,
    maxBytes: beliefLimits.bytes,
    maxBytesEach: beliefLimits.bytes,
  });
  readonly #told = new Set<'address' | 'size'>();

  constructor(check: AddressCheck, logger: Logger) {
    this.#check = check;
    this.#logger = logger;
  }

  /** Whether an entry is believed, in place of what was there under its id; counts it then. */
  takes(entry: CatalogEntry): boolean {
    const problem = this.#check(entry.instance.address);
    if (problem !== undefined) return this.#refuses(entry, 'address', problem);
    try {
      this.#held.take(entry);
      return true;
    } catch (error) {
      if (!(error instanceof RegistryFullError)) throw error;
      return this.#refuses(entry, 'size', error.message);
    }
  }

  drops(id: string): void {
    this.#held.drop(id);
  }

  #refuses({ instance: { id, service } }: CatalogEntry, kind: 'address' | 'size', problem: string): false {
    if (!this.#told.has(kind)) {
      this.#logger.warn({ instance: id, service, problem }, 'the registry lists what is not believed; it is left out');
    }
    this.#told.add(kind);
    return false;
  }
}
