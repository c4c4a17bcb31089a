/**
 * What DNS says of one service, as instances. SRV records name hosts and ports; of their priorities the lowest one of which
 * a host has an address is taken, as RFC 2782 wants, and weights become the instances' weights. Node tells no TTL of SRV
 * records, so that they are asked for at a fixed pace; hosts are asked for when the TTL of their addresses is over.
 */
import type { Instance } from '../../instance.js';
import type { DnsRegistryOptions, DnsTarget } from './dns-options.js';
import { HostAddresses } from './host-addresses.js';
import { instancesAt } from './instances-at.js';
import type { NameServers } from './name-servers.js';
import type { Pace } from './pace.js';
import { firstFound } from './reply.js';
import { isHostName, isPort, sameName } from './resolv-conf.js';

/** An answer. */
export interface RecordsAnswer {
  readonly instances: readonly Instance[];
  /** When to ask again, as a monotonic time. */
  readonly dueMs: number;
  /** How many hosts and sets of SRV records were asked for. */
  readonly asked: number;
  /** Why the instances may be out of date or are missing. */
  readonly problem: string | undefined;
  /** Whether nobody could say, or nothing of the answer can be used, so that an empty list means nothing. */
  readonly failed: boolean;
  /** What is wrong with records that were left out. */
  readonly unreadable: readonly string[];
  /** What is wrong with hosts whose addresses are missing, or may be out of date, beside those of others. */
  readonly unresolved: readonly string[];
}

/** The records of one service, and what they said last. */
export class ServiceRecords {
  readonly #service: string;
  readonly #name: string;
  readonly #port: number | undefined;
  readonly #servers: NameServers;
  readonly #options: DnsRegistryOptions;
  readonly #pace: Pace;
  /** By their names in lower case. */
  #hosts = new Map<string, HostAddresses>();
  #targets: readonly DnsTarget[] = [];
  #targetsDueMs = Number.NEGATIVE_INFINITY;
  /** Which of the names that were tried has the SRV records. */
  #found: string | undefined;
  #problem: string | undefined;
  #failed = false;

  /** @param place - `host:port`, or the name of SRV records. */
  constructor(service: string, place: string, servers: NameServers, options: DnsRegistryOptions, pace: Pace) {
    const [name, port] = place.split(':');
    this.#service = service;
    this.#name = name as string;
    this.#port = port === undefined ? undefined : Number(port);
    this.#servers = servers;
    this.#options = options;
    this.#pace = pace;
    if (this.#port === undefined) return;
    this.#targets = [{ name: this.#name, port: this.#port, priority: 0, weight: 0 }];
    this.#targetsDueMs = Number.POSITIVE_INFINITY;
  }

  /**
   * Asks for what is due.
   * @param suspects - addresses to which connections fail: what led to them is due too.
   */
  async ask(suspects: ReadonlySet<string>): Promise<RecordsAnswer> {
    const asksTargets = this.#port === undefined && (suspects.size > 0 || this.#targetsDueMs <= this.#pace.nowMs);
    if (asksTargets) await this.#askTargets();
    const usable = this.#targets.filter(isUsable);
    const names = new Set(usable.map(({ name }) => sameName(name)));
    this.#hosts = new Map([...names].map((name) => [name, this.#hosts.get(name) ?? this.#host()]));
    const nowMs = this.#pace.nowMs;
    const due = [...this.#hosts].filter(
      ([, host]) => host.dueMs <= nowMs || host.addresses.some((address) => suspects.has(address)),
    );
    await Promise.all(due.map(async ([name, host]) => host.lookUp(await this.#namesOf(name))));
    return this.#answer(usable, due.length + (asksTargets ? 1 : 0));
  }

  /** Names in SRV records are whole; the configured one may have to be completed. */
  async #namesOf(host: string): Promise<readonly string[]> {
    return this.#port === undefined ? [host] : this.#servers.candidates(this.#name);
  }

  async #askTargets(): Promise<void> {
    const names = await this.#servers.candidates(this.#name);
    const found = await firstFound(names, this.#found, (name) => this.#servers.targets(name));
    if (found.kind === 'records') {
      this.#found = found.name;
      this.#targets = found.records;
      this.#targetsDueMs = this.#pace.afterTargets();
      this.#problem = undefined;
      this.#failed = false;
      return;
    }
    // The targets stay: an answer without records never empties a list.
    this.#targetsDueMs = this.#pace.afterFailure();
    this.#failed = found.kind === 'failed';
    this.#problem = found.kind === 'failed' ? found.problem : `${this.#found ?? names.join(', ')} has no SRV records`;
  }

  #answer(usable: readonly DnsTarget[], asked: number): RecordsAnswer {
    const found = usable.map((target) => ({ target, host: this.#hosts.get(sameName(target.name)) as HostAddresses }));
    const { instances, unreadable } = instancesAt(this.#service, found, this.#options.scheme);
    const unusable = this.#targets.filter((target) => !isUsable(target));
    unreadable.unshift(...unusable.map(({ name, port }) => `"${name}" at port ${port}`));
    const hosts = [...this.#hosts.values()];
    const problems = hosts.flatMap(({ problem }) => problem ?? []);
    // A target that cannot be resolved costs that target alone, not what is known of the others.
    const spoilt = problems.length === hosts.length || instances.length === 0;
    const useless = instances.length === 0 && unreadable.length > 0;
    return {
      instances,
      dueMs: Math.min(this.#targetsDueMs, ...hosts.map(({ dueMs }) => dueMs)),
      asked,
      problem:
        this.#problem ??
        (spoilt ? problems[0] : undefined) ??
        (useless ? `no record of ${this.#name} can be used: ${unreadable[0]}` : undefined),
      failed: this.#failed || useless || (spoilt && hosts.some(({ failed }) => failed)),
      unreadable,
      unresolved: spoilt ? [] : problems,
    };
  }

  #host(): HostAddresses {
    return new HostAddresses(this.#options.family, this.#servers, this.#pace);
  }
}

/** A root name says that the service is decidedly not there (RFC 2782). */
function isUsable({ name, port }: DnsTarget): boolean {
  return isHostName(name) && isPort(port);
}
