import type { Health } from '../health/health.js';
import { type ServingStatus, servingStatus } from './health-messages.js';

/** Is told how a service is, whenever that has changed. */
export type StatusListener = (status: ServingStatus) => void;

/** Names longer than this are of no service, now or later. */
const longestName = 200;

/**
 * How the services of a server are, by the application's health: each is one of its groups. All are NOT_SERVING before the
 * application has started and from the moment on that it stops.
 */
export class ServingStatuses implements Disposable {
  readonly #services: ReadonlyMap<string, string>;
  readonly #listeners = new Map<string, Set<StatusListener>>();
  readonly #told = new Map<string, ServingStatus>();
  #health: Health | undefined;
  #stopping = false;
  #watching: Disposable | undefined;

  /** @param services - groups of health, by the names of services. */
  constructor(services: Readonly<Record<string, string>>) {
    this.#services = new Map([['', 'readiness'], ...Object.entries(services)]);
  }

  /** From now on this is the application's health. */
  follow(health: Health): void {
    this.#health = health;
    this.#watching = health.onChange(() => this.#tell());
    this.#tell();
  }

  /** From now on nothing is served. */
  stopServing(): void {
    this.#stopping = true;
    this.#tell();
  }

  /** The status of a service; undefined for one that does not exist. */
  of(service: string): ServingStatus | undefined {
    const group = this.#groupOf(service);
    if (group === undefined) return undefined;
    if (this.#stopping || !this.#health) return servingStatus.NOT_SERVING;
    return this.#health.probe(group).status === 200 ? servingStatus.SERVING : servingStatus.NOT_SERVING;
  }

  /** All services. */
  get names(): readonly string[] {
    return [...new Set([...this.#services.keys(), ...(this.#health?.groups ?? [])])];
  }

  /** Tells of changes until the answer is disposed. One that does not exist may come later. */
  watch(service: string, listener: StatusListener): Disposable {
    if (service.length > longestName) return { [Symbol.dispose]() {} };
    const listeners = this.#listeners.get(service) ?? new Set();
    if (listeners.size === 0) this.#told.set(service, this.#now(service));
    this.#listeners.set(service, listeners.add(listener));
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size > 0 || this.#listeners.get(service) !== listeners) return;
        this.#listeners.delete(service);
        this.#told.delete(service);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#watching?.[Symbol.dispose]();
    this.#listeners.clear();
  }

  #groupOf(service: string): string | undefined {
    return this.#services.get(service) ?? this.#health?.groups.find((group) => group === service);
  }

  #now(service: string): ServingStatus {
    return this.of(service) ?? servingStatus.SERVICE_UNKNOWN;
  }

  #tell(): void {
    for (const [service, listeners] of this.#listeners) {
      const status = this.#now(service);
      if (status === this.#told.get(service)) continue;
      this.#told.set(service, status);
      for (const listener of [...listeners]) listener(status);
    }
  }
}
