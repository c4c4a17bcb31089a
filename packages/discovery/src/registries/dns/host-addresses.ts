import { messageOf } from '@fwk/kernel';
import type { DnsAddress, DnsResolver } from './dns-options.js';

/** What is known of a host name. */
export interface Addresses {
  readonly addresses: readonly string[];
  /** Until one of the records may be another, in milliseconds; `Infinity` where none says. */
  readonly ttlMs: number;
  /** Why the addresses may be out of date. */
  readonly problem: string | undefined;
  /** Whether a question failed; otherwise no address means that there is none. */
  readonly failed: boolean;
}

const families = ['resolve4', 'resolve6'] as const;
type Family = (typeof families)[number];

/** The addresses of one host. A family whose question fails keeps those it had; one that has no records has none. */
export class HostAddresses {
  readonly #host: string;
  readonly #resolver: DnsResolver;
  readonly #known: Record<Family, readonly DnsAddress[]> = { resolve4: [], resolve6: [] };

  constructor(host: string, resolver: DnsResolver) {
    this.#host = host;
    this.#resolver = resolver;
  }

  async lookUp(): Promise<Addresses> {
    const failures = await Promise.all(families.map((family) => this.#ask(family)));
    const records = [...this.#known.resolve4, ...this.#known.resolve6];
    const addresses = [...new Set(records.map(({ address }) => address))].sort();
    // The failure of a family that never had records takes nothing from what the other one says.
    const failure = failures.find(
      (problem, index) => problem !== undefined && (records.length === 0 || this.#has(families[index] as Family)),
    );
    const none = addresses.length === 0 ? `${this.#host} has no address` : undefined;
    return {
      addresses,
      // A resolver of the application's own may know of none.
      ttlMs: Math.min(...records.map(({ ttl }) => (Number.isFinite(ttl) ? ttl * 1000 : 0))),
      problem: failure ?? none,
      failed: failure !== undefined,
    };
  }

  #has(family: Family): boolean {
    return this.#known[family].length > 0;
  }

  async #ask(family: Family): Promise<string | undefined> {
    try {
      this.#known[family] = await this.#resolver[family](this.#host, { ttl: true });
      return undefined;
    } catch (error) {
      if (!hasNone(error)) return messageOf(error);
      this.#known[family] = [];
      return undefined;
    }
  }
}

/** Whether DNS definitely says that there are no such records: no such name, or none of the kind. */
export function hasNone(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}
