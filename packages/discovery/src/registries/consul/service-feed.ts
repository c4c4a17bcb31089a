/**
 * The list of one service, with failover between datacentres: the agent's own comes first; while nobody there can be
 * called, the next one is asked too, and the first that has somebody wins. As soon as a nearer one has somebody again the
 * farther ones are no longer asked.
 */
import type { Timer } from '@fwk/kernel';
import { blockingQuery, noLeader, type Query } from '@fwk/kernel/consul';
import type { Instance } from '../../instance.js';
import { BenefitOfDoubt } from './benefit-of-doubt.js';
import { readHealthList } from './health-entries.js';
import type { LiveList } from './live-list.js';
import type { RegistryQueryPlace, ServiceListener } from './query-place.js';

/** Asks for the instances of a service in the agent's own datacentre. */
export type AskHome = (service: string, listener: ServiceListener) => Query;

/** Keeps the list of a service. */
export function serviceFeed(
  service: string,
  list: LiveList<Instance>,
  place: RegistryQueryPlace,
  askHome: AskHome,
): Query {
  return new ServiceFeed(service, list, place, askHome);
}

/** The question for all instances of a service with their checks. */
export function healthOf(service: string): { readonly path: string } {
  return { path: `/health/service/${encodeURIComponent(service)}` };
}

interface Source {
  readonly query: Query;
  readonly doubt: BenefitOfDoubt;
  /** What Consul answered last. */
  value: unknown;
  instances: readonly Instance[] | undefined;
  /** Why what is known may be old. */
  trouble: string | undefined;
}

class ServiceFeed implements Query {
  readonly #service: string;
  readonly #list: LiveList<Instance>;
  readonly #place: RegistryQueryPlace;
  readonly #askHome: AskHome;
  /** By datacentre: the own one, then those of the options as far as they are needed. */
  readonly #sources: Source[] = [];
  #timer: Timer | undefined;

  constructor(service: string, list: LiveList<Instance>, place: RegistryQueryPlace, askHome: AskHome) {
    this.#service = service;
    this.#list = list;
    this.#place = place;
    this.#askHome = askHome;
    this.#open();
  }

  restart(): void {
    for (const { query } of this.#sources) query.restart();
  }

  [Symbol.dispose](): void {
    for (const { query } of this.#sources.splice(0)) query[Symbol.dispose]();
    if (this.#timer) this.#place.env.clock.clearTimer(this.#timer);
  }

  #open(): void {
    const at = this.#sources.length;
    const listener: ServiceListener = {
      onAnswer: (value, led) => {
        if (value !== undefined) {
          source.value = value;
          this.#read(source);
        }
        source.trouble = led ? undefined : noLeader;
        this.#choose();
      },
      onFailure: (reason) => {
        source.trouble = reason;
        this.#choose();
      },
    };
    const datacenter = this.#place.options.datacenters[at - 1];
    const query =
      datacenter === undefined
        ? this.#askHome(this.#service, listener)
        : blockingQuery(this.#place, { ...healthOf(this.#service), query: { dc: datacenter } }, listener);
    const doubt = new BenefitOfDoubt(this.#place.env.clock);
    const source: Source = { query, doubt, value: undefined, instances: undefined, trouble: undefined };
    this.#sources.push(source);
  }

  #read(source: Source): void {
    const { env } = this.#place;
    const { instances, unreadable } = source.doubt.during((inDoubt) =>
      readHealthList(source.value, this.#service, source.instances ?? [], inDoubt),
    );
    source.instances = instances;
    if (unreadable.length > 0) {
      const fields = { service: this.#service, left: unreadable.length, reason: unreadable[0] };
      env.logger.debug(fields, 'Consul lists instances that cannot be read');
    }
    this.#readAgainInTime();
  }

  /** Nobody tells when the benefit of the doubt ends. */
  #readAgainInTime(): void {
    const { clock } = this.#place.env;
    if (this.#timer) clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const times = this.#sources.flatMap(({ doubt }) => doubt.endsInMs ?? []);
    if (times.length === 0) return;
    const readAll = () => {
      for (const source of this.#sources) if (source.doubt.endsInMs !== undefined) this.#read(source);
      this.#choose();
    };
    this.#timer = clock.setTimer(readAll, Math.min(...times) + 1, true);
  }

  #choose(): void {
    const [home] = this.#sources;
    if (!home) return;
    const serving = this.#sources.findIndex(({ instances }) => instances?.some(({ status }) => status === 'UP'));
    if (serving >= 0) {
      for (const { query } of this.#sources.splice(serving + 1)) query[Symbol.dispose]();
    } else if (this.#sources.length <= this.#place.options.datacenters.length && this.#settled()) {
      this.#open();
    }
    const { instances, trouble } = this.#sources[serving] ?? home;
    if (instances) this.#list.set(instances);
    if (trouble !== undefined) this.#list.markStale(trouble);
  }

  /** Whether the farthest asked so far has said all it can. One that is not reached leads on, but not the own one. */
  #settled(): boolean {
    const last = this.#sources.at(-1);
    return last?.instances !== undefined || (this.#sources.length > 1 && last?.trouble !== undefined);
  }
}
