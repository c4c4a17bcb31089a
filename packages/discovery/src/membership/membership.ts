/**
 * The endpoints of one service, made from what the registry says. Three rules: changes are applied as a difference, so
 * that an endpoint keeps its identity and with it connections and statistics; an empty answer never empties a list that
 * had members (a registry that has forgotten everybody is likelier than everybody gone at once, and calls to those who
 * really are gone fail fast); and whatever happens, the last known list stays, with the reason why it may be out of date.
 */
import { combine, type Env, type Live, type LiveSource, liveValue } from '@fwk/kernel';
import type { Instance } from '../instance.js';
import type { Watch } from '../registry.js';
import { type Endpoint, InstanceEndpoint } from './endpoint.js';
import type { KnownList, LastKnown } from './last-known.js';

/** One watched service. */
export class Membership implements Disposable {
  readonly service: string;
  readonly endpoints: Live<readonly Endpoint[]>;
  readonly watch: Watch;
  readonly #env: Env;
  readonly #source: LiveSource<readonly Endpoint[]>;
  readonly #subscriptions: readonly Disposable[];
  readonly #lastKnown: LastKnown | undefined;
  readonly #byId = new Map<string, InstanceEndpoint>();
  /** Lists so far. */
  #lists = 0;

  /** @param lastKnown - what to begin with while the registry has not answered, and where to take lists down. */
  constructor(service: string, watch: Watch, env: Env, lastKnown?: LastKnown) {
    this.service = service;
    this.watch = watch;
    this.#env = env;
    this.#lastKnown = lastKnown;
    this.#source = liveValue<readonly Endpoint[]>(Object.freeze([]), { name: `endpoints of ${service}` });
    const saved = watch.instances.value.length === 0 ? lastKnown?.of(service) : undefined;
    if (saved) this.#restore(saved);
    else this.#apply(watch.instances.value);
    this.#subscriptions = [
      watch.instances.subscribe((instances) => this.#apply(instances)),
      watch.known.subscribe(() => this.#answered()),
    ];
    // The second source lends its staleness: losing the registry changes no value, so nothing would tell ours.
    this.endpoints = combine([this.#source, watch.instances], (endpoints, _instances) => endpoints);
  }

  /** Whether there is a list to work with: the registry's, or the one that was saved. */
  get settled(): boolean {
    return this.watch.known.value || this.#byId.size > 0;
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.watch[Symbol.dispose]();
  }

  #apply(instances: readonly Instance[]): void {
    if (instances.length === 0 && this.#byId.size > 0) {
      this.#keep();
      return;
    }
    this.#replace(instances);
    if (instances.length > 0) this.#lastKnown?.note(this.service, this.watch.instances);
  }

  /** Begins with the list that was saved, which the registry's first answer replaces unless it is empty. */
  #restore({ instances, savedAtMs }: KnownList): void {
    this.#replace(instances);
    const saved = new Date(savedAtMs).toISOString();
    const reason = `the registry has not answered yet; this list was saved at ${saved}`;
    this.#source.markStale(reason, savedAtMs);
    const { events, logger } = this.#env;
    events.emit('membership.restored', { service: this.service, restored: instances.length, savedAtMs });
    logger.warn({ service: this.service, restored: instances.length }, reason);
    this.#answered();
  }

  #answered(): void {
    if (this.watch.known.value && this.watch.instances.value.length === 0 && this.#byId.size > 0) this.#keep();
  }

  #replace(instances: readonly Instance[]): void {
    const list = ++this.#lists;
    const byId = this.#byId;
    const before = this.#source.value as readonly InstanceEndpoint[];
    let endpoints: InstanceEndpoint[] = [];
    const added: InstanceEndpoint[] = [];
    const removed: InstanceEndpoint[] = [];
    let repeated = false;
    let place = 0;
    for (const instance of instances) {
      // Most lists are the last one but for a few, so most endpoints follow the one that was just found.
      const next = before[place];
      const known = next?.instance === instance && next.list > 0 ? next : byId.get(instance.id);
      let endpoint = known;
      if (endpoint?.continues(instance)) {
        endpoint.instance = instance;
        place = endpoint.place + 1;
      } else {
        endpoint = new InstanceEndpoint(instance);
        byId.set(instance.id, endpoint);
        added.push(endpoint);
        if (known) {
          repeated ||= known.list === list;
          known.list = 0;
          removed.push(known);
        }
      }
      if (endpoint.list === list) continue;
      endpoint.list = list;
      endpoint.place = endpoints.length;
      endpoints.push(endpoint);
    }
    if (repeated) {
      // A list may name one id twice; the last one counts.
      endpoints = endpoints.filter((endpoint) => endpoint.list === list);
      for (const [at, endpoint] of endpoints.entries()) endpoint.place = at;
    }
    // Where nobody is missing there is nobody to look for.
    if (byId.size !== endpoints.length) {
      for (const endpoint of before) {
        if (endpoint.list === list || endpoint.list === 0) continue;
        byId.delete(endpoint.id);
        removed.push(endpoint);
      }
    }
    this.#source.set(Object.freeze(endpoints));
    for (const endpoint of added) this.#emit('endpoint.added', endpoint);
    for (const endpoint of removed) this.#emit('endpoint.removed', endpoint);
  }

  #keep(): void {
    const { clock, events, logger } = this.#env;
    const kept = this.#byId.size;
    const reason = `the registry says that nobody is left of ${kept}; the last list stays in use`;
    this.#source.markStale(reason, clock.wallTime());
    events.emit('membership.kept', { service: this.service, kept, reason });
    logger.warn({ service: this.service, kept }, reason);
  }

  #emit(name: string, { id, url, instance }: Endpoint): void {
    this.#env.events.emit(name, { service: this.service, endpoint: id, url, version: instance.version });
  }
}
