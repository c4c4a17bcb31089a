import type { Env } from '@fwk/kernel';
import { blockingQuery, noLeader, type Query } from '@fwk/kernel/consul';
import type { Instance } from '../../instance.js';
import type { ServicesWatch, Watch } from '../../registry.js';
import { isRecord } from './health-entries.js';
import { LiveList } from './live-list.js';
import type { RegistryQueryPlace } from './query-place.js';
import { type AskHome, healthOf, serviceFeed } from './service-feed.js';
import { SharedQuery } from './shared-query.js';

/** All that one registry watches in Consul. */
export class ConsulWatches {
  readonly #place: RegistryQueryPlace;
  readonly #env: Env;
  readonly #services = new Map<string, LiveList<Instance>>();
  readonly #shared: SharedQuery;
  /** Services that have a question of their own. */
  readonly #alone = new Set<string>();
  #names: LiveList<string> | undefined;
  /** Why nothing that is known may be true any more. */
  #lost: string | undefined;
  #closed = false;

  constructor(place: RegistryQueryPlace) {
    this.#place = place;
    this.#env = place.env;
    this.#shared = new SharedQuery(place);
  }

  watch(service: string): Watch {
    let list = this.#services.get(service);
    if (!list) {
      const name = `instances of ${service}`;
      list = new LiveList<Instance>(name, this.#env, (made) =>
        this.#closed ? nothing : serviceFeed(service, made, this.#place, this.#askHome),
      );
      this.#services.set(service, list);
      if (this.#lost !== undefined) list.markStale(this.#lost);
    }
    const release = list.hold(() => this.#services.delete(service));
    return { instances: list.source, known: list.known, [Symbol.dispose]: release };
  }

  services(): ServicesWatch {
    this.#names ??= new LiveList<string>('service names', this.#env, (made) => this.#feedNames(made));
    const release = this.#names.hold(() => {
      this.#names = undefined;
    });
    return { names: this.#names.source, known: this.#names.known, [Symbol.dispose]: release };
  }

  /** The agent is gone: everything stays, marked stale. */
  lost(reason: string): void {
    this.#lost = reason;
    for (const list of this.#all()) list.markStale(reason);
  }

  /** The agent is back: everything is asked for again, rather than waiting on connections that may be dead. */
  regained(): void {
    this.#lost = undefined;
    this.restart();
  }

  /** Asks for everything anew: another token may see what the last one could not, which nothing else would tell. */
  restart(): void {
    for (const list of this.#all()) list.restart();
  }

  /** Ends everything; what is watched from now on stays empty and unknown. */
  close(): void {
    this.#closed = true;
    for (const list of this.#all()) list.stop();
  }

  /** The first services have a question each, which is the most direct; the others share one. */
  readonly #askHome: AskHome = (service, listener) => {
    if (this.#alone.size >= this.#place.options.maxQueries) return this.#shared.ask(service, listener);
    this.#alone.add(service);
    const query = blockingQuery(this.#place, healthOf(service), listener);
    return {
      restart: () => query.restart(),
      [Symbol.dispose]: () => {
        this.#alone.delete(service);
        query[Symbol.dispose]();
      },
    };
  };

  *#all(): Iterable<LiveList<Instance> | LiveList<string>> {
    yield* this.#services.values();
    if (this.#names) yield this.#names;
  }

  #feedNames(list: LiveList<string>): Query {
    if (this.#closed) return nothing;
    return blockingQuery(
      this.#place,
      { path: '/catalog/services' },
      {
        onAnswer(value, led) {
          if (value !== undefined) list.set(namesIn(value));
          else list.set(list.source.value);
          if (!led) list.markStale(noLeader);
        },
        onFailure: (reason) => list.markStale(reason),
      },
    );
  }
}

/** Feeds a list that is watched too late. */
const nothing: Query = { restart() {}, [Symbol.dispose]() {} };

/** Consul itself is a service in its catalogue; nobody calls it by us. */
function namesIn(value: unknown): readonly string[] {
  if (!isRecord(value)) throw new TypeError('it answered something that is no list of services');
  return Object.keys(value)
    .filter((name) => name !== 'consul')
    .sort();
}
