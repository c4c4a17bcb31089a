import type { DnsAddress } from './dns-options.js';
import type { NameServers } from './name-servers.js';
import type { Pace } from './pace.js';
import { firstFound, type Reply } from './reply.js';

/**
 * The addresses of one host, asked for when their TTL is over. A host that has addresses of both families counts with those
 * of the preferred one; the other family is asked for where that has none. A question that fails leaves what was known.
 */
export class HostAddresses {
  readonly #preferred: 4 | 6;
  readonly #servers: NameServers;
  readonly #pace: Pace;
  #addresses: readonly string[] = [];
  /** Which of the names that were tried has the addresses. */
  #name: string | undefined;
  #family: 4 | 6 | undefined;
  /** Monotonic time from which on it is to be asked for again. */
  dueMs = Number.NEGATIVE_INFINITY;
  /** Why the addresses may be out of date, or that there are none. */
  problem: string | undefined;
  /** Whether the last question failed; otherwise no address means that there is none. */
  failed = false;

  constructor(preferred: 4 | 6, servers: NameServers, pace: Pace) {
    this.#preferred = preferred;
    this.#servers = servers;
    this.#pace = pace;
  }

  /** Without duplicates, sorted. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** @param names - those that it may stand for, in the order in which they are tried. */
  async lookUp(names: readonly string[]): Promise<void> {
    const found = await firstFound(names, this.#name, (name) => this.#ask(name));
    if (found.kind === 'records') {
      this.#name = found.name;
      this.#take(found.records);
      return;
    }
    this.dueMs = this.#pace.afterFailure();
    this.failed = found.kind === 'failed';
    if (!this.failed) this.#addresses = [];
    this.problem = found.kind === 'failed' ? found.problem : `${this.#name ?? names.join(', ')} has no address`;
  }

  #take(records: readonly DnsAddress[]): void {
    const known = records.map(({ ttl }) => ttl).filter((ttl) => Number.isFinite(ttl) && ttl >= 0);
    this.#addresses = [...new Set(records.map(({ address }) => address))].sort();
    // Node 20 tells no TTL beyond the 256th record, and a resolver of the application's own may tell none at all.
    this.dueMs = this.#pace.after(known.length > 0 ? Math.min(...known) * 1000 : 0);
    this.problem = undefined;
    this.failed = false;
  }

  /** By the preferred family, or the other one where it has nothing. */
  async #ask(name: string): Promise<Reply<DnsAddress>> {
    const preferred = await this.#servers.addresses(this.#preferred, name);
    const holds = name === this.#name && this.#family === this.#preferred && this.#addresses.length > 0;
    if (preferred.kind === 'records') this.#family = this.#preferred;
    if (preferred.kind === 'records' || (preferred.kind === 'failed' && holds)) return preferred;
    const otherFamily = this.#preferred === 4 ? 6 : 4;
    const other = await this.#servers.addresses(otherFamily, name);
    if (other.kind === 'records') {
      this.#family = otherFamily;
      return other;
    }
    if (preferred.kind === 'none') return other;
    return { ...preferred, silent: preferred.silent && other.kind === 'failed' && other.silent };
  }
}
