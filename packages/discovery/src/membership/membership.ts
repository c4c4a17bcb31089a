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

/** One watched service. */
export class Membership implements Disposable {
  readonly service: string;
  readonly endpoints: Live<readonly Endpoint[]>;
  readonly watch: Watch;
  readonly #env: Env;
  readonly #source: LiveSource<readonly Endpoint[]>;
  readonly #subscription: Disposable;
  #byId = new Map<string, InstanceEndpoint>();

  constructor(service: string, watch: Watch, env: Env) {
    this.service = service;
    this.watch = watch;
    this.#env = env;
    this.#source = liveValue<readonly Endpoint[]>(Object.freeze([]), { name: `endpoints of ${service}` });
    this.#apply(watch.instances.value);
    this.#subscription = watch.instances.subscribe((instances) => this.#apply(instances));
    // The second source lends its staleness: losing the registry changes no value, so nothing would tell ours.
    this.endpoints = combine([this.#source, watch.instances], (endpoints, _instances) => endpoints);
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.watch[Symbol.dispose]();
  }

  #apply(instances: readonly Instance[]): void {
    const before = this.#byId;
    if (instances.length === 0 && before.size > 0) {
      this.#keep();
      return;
    }
    const after = new Map<string, InstanceEndpoint>();
    const added: InstanceEndpoint[] = [];
    for (const instance of instances) {
      const known = before.get(instance.id);
      if (known?.continues(instance)) {
        known.instance = instance;
        after.set(instance.id, known);
        continue;
      }
      const endpoint = new InstanceEndpoint(instance);
      after.set(instance.id, endpoint);
      added.push(endpoint);
    }
    this.#byId = after;
    this.#source.set(Object.freeze([...after.values()]));
    for (const endpoint of added) this.#emit('endpoint.added', endpoint);
    for (const endpoint of before.values()) {
      if (after.get(endpoint.id) !== endpoint) this.#emit('endpoint.removed', endpoint);
    }
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
