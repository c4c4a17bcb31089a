/**
 * What DNS says of one service, as instances. SRV records name hosts and ports; of their priorities the lowest one of which
 * a host has an address is taken, as RFC 2782 wants, and weights become the instances' weights. Node tells no TTL of SRV
 * records, so that they are asked for at a fixed pace; those of addresses are told and kept to.
 */
import { messageOf } from '@fwk/kernel';
import { type Instance, parseInstance } from '../../instance.js';
import { type DnsRegistryOptions, type DnsResolver, type DnsTarget, isPort } from './dns-options.js';
import { HostAddresses, hasNone } from './host-addresses.js';

/** An answer. */
export interface Answer {
  readonly instances: readonly Instance[];
  /** When to ask again, in milliseconds. */
  readonly againMs: number;
  /** Why the instances may be out of date or are missing. */
  readonly problem: string | undefined;
  /** Whether a question failed or nothing of its answer can be used, so that an empty list means nothing. */
  readonly failed: boolean;
  /** What is wrong with records that were left out. */
  readonly unreadable: readonly string[];
}

/** The records of one service, and what they said last. */
export class ServiceRecords {
  readonly #service: string;
  readonly #name: string;
  readonly #port: number | undefined;
  readonly #resolver: DnsResolver;
  readonly #options: DnsRegistryOptions;
  #hosts = new Map<string, HostAddresses>();
  #targets: readonly DnsTarget[] = [];

  /** @param place - `host:port`, or the name of SRV records. */
  constructor(service: string, place: string, resolver: DnsResolver, options: DnsRegistryOptions) {
    const [name, port] = place.split(':');
    this.#service = service;
    this.#name = name as string;
    this.#port = port === undefined ? undefined : Number(port);
    this.#resolver = resolver;
    this.#options = options;
  }

  async ask(): Promise<Answer> {
    if (this.#port !== undefined) {
      return this.#resolve([{ name: this.#name, port: this.#port, priority: 0, weight: 0 }], Number.POSITIVE_INFINITY);
    }
    try {
      this.#targets = await this.#resolver.resolveSrv(this.#name);
    } catch (error) {
      const none = hasNone(error);
      const problem = none ? `${this.#name} has no SRV records` : messageOf(error);
      const { instances, unreadable } = await this.#resolve(this.#targets, 0);
      return { instances, againMs: this.#options.retryMs, problem, failed: !none, unreadable };
    }
    return this.#resolve(this.#targets, this.#options.srvRefreshMs);
  }

  async #resolve(given: readonly DnsTarget[], atMostMs: number): Promise<Answer> {
    const targets = given.filter(isUsable);
    const unreadable = given.filter((target) => !isUsable(target)).map(({ name, port }) => `"${name}" at port ${port}`);
    const hosts = new Map(targets.map(({ name }) => [name, this.#hosts.get(name) ?? this.#host(name)]));
    this.#hosts = hosts;
    const found = new Map(
      await Promise.all([...hosts].map(async ([name, host]) => [name, await host.lookUp()] as const)),
    );
    const reachable = targets.filter(({ name }) => found.get(name)?.addresses.length);
    const first = Math.min(...reachable.map(({ priority }) => priority));
    const chosen = reachable.filter(({ priority }) => priority === first);
    const highest = Math.max(...chosen.map(({ weight }) => weight));
    const instances: Instance[] = [];
    for (const target of chosen) {
      for (const address of found.get(target.name)?.addresses ?? []) {
        try {
          instances.push(this.#instance(target, address, highest));
        } catch (error) {
          unreadable.push(messageOf(error));
        }
      }
    }
    const { minTtlMs, maxTtlMs, retryMs } = this.#options;
    const answers = [...found.values()];
    const useless = instances.length === 0 && unreadable.length > 0;
    const failed = useless || answers.some((host) => host.failed);
    const problem =
      answers.find((host) => host.problem !== undefined)?.problem ??
      (useless ? `no record of ${this.#name} can be used: ${unreadable[0]}` : undefined);
    if (problem !== undefined) return { instances, againMs: retryMs, problem, failed, unreadable };
    const ttlMs = Math.min(atMostMs, ...answers.map((host) => host.ttlMs));
    return { instances, againMs: Math.min(Math.max(ttlMs, minTtlMs), maxTtlMs), problem, failed, unreadable };
  }

  #host(name: string): HostAddresses {
    return new HostAddresses(name, this.#resolver);
  }

  #instance({ port, weight }: DnsTarget, address: string, highest: number): Instance {
    const service = this.#service;
    const id = `${service}@${address}:${port}`;
    // Weights of DNS go to 65 535, ours to 1000; where all are 0 there is nothing to weigh.
    const share = highest > 0 ? Math.max(weight / Math.max(1, highest / 1000), 0.001) : undefined;
    const facts = { id, service, version: '0.0.0', address, port, startedAtMs: 0, status: 'UP' };
    return parseInstance({ ...facts, ...(share !== undefined && { weight: share }) });
  }
}

/** A root name says that the service is decidedly not there (RFC 2782). */
function isUsable({ name, port }: DnsTarget): boolean {
  return name !== '' && name !== '.' && isPort(port);
}
