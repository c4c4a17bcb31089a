/**
 * Brings discovery into an application: it is found when it is ready, leaves before it stops, and finds the services it
 * calls. A registry that is not there holds nobody up: the application starts, says that it is degraded, and is registered
 * as soon as the registry answers. Only a definite refusal (a duplicate id, invalid facts) fails the start.
 */
import {
  anything,
  appInfoToken,
  type Component,
  type ComponentContext,
  type ComponentSteps,
  checkOptions,
  combine,
  currentContext,
  envToken,
  type HealthIndicator,
  type HealthReport,
  instanceFactsToken,
  instanceFinderToken,
  type ManagementEndpoint,
  millisecondsIn,
  numberIn,
  optional,
  type Provision,
  type Rule,
  type Token,
  text,
  token,
} from '@fwk/kernel';
import type { Instance } from '../instance.js';
import { checkPersistOptions } from '../membership/last-known.js';
import { membershipsToken } from '../membership/memberships.js';
import type { MonitorReport } from '../membership/monitor.js';
import type { Registry } from '../registry.js';
import { instancesOf } from './announced-instances.js';
import { appCallerToken } from './app-caller.js';
import { appPlaceToken } from './app-place.js';
import { type DiscoveryOptions, discoveryDefaults } from './discovery-options.js';
import { DiscoveryParts, discoveryPartsToken } from './discovery-parts.js';
import { findInstances } from './find-instances.js';
import { MembershipListeners } from './membership-listeners.js';

/** The application's registry; provided by {@link discovery}. */
export const registryToken: Token<Registry> = token('registry');

/**
 * Makes the component. It provides {@link registryToken} and `membershipsToken`, shows `/manage/instances` and
 * `/manage/endpoints`, and counts as DEGRADED while the registry is lost or does not take what is registered. A registry that is passed in is used by a
 * connection of its own, where the backend has such; otherwise it is closed with the application.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function discovery(options?: Partial<DiscoveryOptions>): Component {
  const settings = checkOptions<DiscoveryOptions>('discovery', options, discoveryDefaults, {
    registry: optional(registryRule),
    zone: optional(text),
    weight: optional(numberIn(0.001, 1000)),
    tags: anything,
    metadata: anything,
    persist: anything,
    registerWaitMs: millisecondsIn(0, 60_000),
    leaveWaitMs: millisecondsIn(0, 60_000),
  });
  if (settings.persist !== undefined) checkPersistOptions(settings.persist);
  return { name: 'discovery', forApplication: ({ name }) => new Discovery(settings, name) };
}

const registryRule: Rule = (value) => {
  if (typeof value === 'function') return `what ${value.name || 'it'}() answers: call it`;
  const isRegistry = typeof value === 'object' && value !== null && 'register' in value && 'watch' in value;
  return isRegistry ? undefined : 'a registry, such as localRegistry() or consulRegistry() of @fwk/discovery/consul';
};

/** Discovery in one application. */
class Discovery implements ComponentSteps {
  readonly #options: DiscoveryOptions;
  readonly #service: string;
  readonly #listeners = new MembershipListeners();
  #parts: DiscoveryParts | undefined;

  /** @param service - the application's own. */
  constructor(options: DiscoveryOptions, service: string) {
    this.#options = options;
    this.#service = service;
  }

  provide(provision: Provision): void {
    provision.factory(discoveryPartsToken, (resolver) => {
      this.#parts = new DiscoveryParts(this.#options, resolver.get(envToken), resolver.find(instanceFactsToken));
      return this.#parts;
    });
    provision.factory(registryToken, (resolver) => resolver.get(discoveryPartsToken).registry);
    provision.factory(membershipsToken, (resolver) => resolver.get(discoveryPartsToken).memberships);
    provision.factory(instanceFinderToken, (resolver) => {
      const { registry, services } = resolver.get(discoveryPartsToken);
      const { clock } = resolver.get(envToken);
      return () => findInstances(registry, services.names.value, clock);
    });
    provision.value(appPlaceToken, this.#options);
    provision.factory(appCallerToken, (resolver) => {
      const { name, instanceId: id } = resolver.get(appInfoToken);
      return { zone: this.#options.zone, id, peers: () => resolver.get(membershipsToken).of(name) };
    });
  }

  start(context: ComponentContext): void {
    this.#listeners.listenTo(context.get(discoveryPartsToken).memberships, context.env.logger);
  }

  built(instance: object): void {
    this.#listeners.add(instance);
  }

  ready(context: ComponentContext): Promise<void> {
    const { presence } = context.get(discoveryPartsToken);
    const { app, announcements, env } = context;
    return presence.arrive(instancesOf(app, announcements, this.#options, env.clock.wallTime()), context.call);
  }

  async drain(): Promise<void> {
    await this.#parts?.presence.leave();
  }

  async stop(): Promise<void> {
    this.#listeners[Symbol.dispose]();
    await this.#parts?.[Symbol.asyncDispose]();
  }

  health(): readonly HealthIndicator[] {
    const parts = this.#parts;
    const changes =
      parts &&
      combine([parts.registry.connection, parts.presence.counts], (connection, counts) => ({ connection, counts }));
    return [{ name: 'discovery', check: () => this.#health(), ...(changes && { changes }) }];
  }

  manage(): readonly ManagementEndpoint[] {
    return [
      {
        path: 'instances',
        purpose: 'The instances of this service and of all that it calls, as the registry lists them.',
        handle: () => this.#instances(),
      },
      {
        path: 'endpoints',
        purpose: 'What calls make of the endpoints of each client: load, times, ejections, who is left out and why.',
        example: { query: 'service=pricing' },
        handle: ({ query }) => this.#endpoints(query.service),
      },
    ];
  }

  #endpoints(service: string | undefined): MonitorReport {
    return this.#parts?.memberships.monitor.report(service) ?? { clients: [], endpoints: [] };
  }

  #health(): HealthReport {
    if (!this.#parts) return { status: 'UNKNOWN' };
    const { registry, presence } = this.#parts;
    const connection = registry.connection.value;
    const { registered, wanted } = presence.counts.value;
    const tls = registry.tlsHealth;
    const details = {
      ...{ registry: registry.name, ...connection, registered },
      ...(tls && { tls: tls.details }),
    };
    const { state, reason } = connection;
    const taken = reason === undefined && registered >= wanted;
    const whole = state === 'connected' && taken && (tls?.status ?? 'UP') === 'UP';
    return { status: whole ? 'UP' : 'DEGRADED', details };
  }

  async #instances(): Promise<unknown> {
    if (!this.#parts) return { services: {} };
    const { registry, memberships, services, presence } = this.#parts;
    // Its own service is watched from the first look on, and a list that does not come is shown as what it is.
    await memberships.settled(this.#service, currentContext()).catch(() => undefined);
    const watched = memberships.services.map((service) => {
      const list = memberships.of(service);
      const instances = list.value.map(({ instance }) => instance);
      return [service, { stale: list.stale, configs: configsOf(instances), instances }] as const;
    });
    return {
      service: this.#service,
      registry: { name: registry.name, ...registry.connection.value },
      own: presence.instances,
      services: services.names.value,
      watched: Object.fromEntries(watched),
    };
  }
}

/** Which instances have which settings, by the hash that `config()` tells; undefined where none tells one. */
function configsOf(instances: readonly Instance[]): Readonly<Record<string, readonly string[]>> | undefined {
  const byHash = new Map<string, string[]>();
  for (const { id, metadata } of instances) {
    const hash = metadata?.['config-hash'];
    if (hash !== undefined) byHash.set(hash, [...(byHash.get(hash) ?? []), id]);
  }
  return byHash.size > 0 ? Object.fromEntries(byHash) : undefined;
}
