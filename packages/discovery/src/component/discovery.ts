/**
 * Brings discovery into an application: it is found when it is ready, leaves before it stops, and finds the services it
 * calls. A registry that is not there holds nobody up: the application starts, says that it is degraded, and is registered
 * as soon as the registry answers. Only a definite refusal (a duplicate id, invalid facts) fails the start.
 */
import {
  anything,
  type Component,
  type ComponentContext,
  type ComponentSteps,
  checkOptions,
  type Env,
  envToken,
  type HealthIndicator,
  type HealthReport,
  type ManagementEndpoint,
  millisecondsIn,
  numberIn,
  optional,
  type Provision,
  type Resolver,
  type Token,
  text,
  token,
} from '@fwk/kernel';
import { checkPersistOptions, type LastKnown, lastKnown } from '../membership/last-known.js';
import { type Memberships, memberships, membershipsToken } from '../membership/memberships.js';
import { localRegistry } from '../registries/local/local-registry.js';
import type { Registry, ServicesWatch } from '../registry.js';
import { instancesOf } from './announced-instances.js';
import { type DiscoveryOptions, discoveryDefaults } from './discovery-options.js';
import { MembershipListeners } from './membership-listeners.js';
import { Presence } from './presence.js';

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
    registry: anything,
    zone: optional(text),
    weight: optional(numberIn(0.001, 1000)),
    tags: anything,
    metadata: anything,
    persist: anything,
    registerWaitMs: millisecondsIn(0, 60_000),
    leaveWaitMs: millisecondsIn(0, 60_000),
  });
  if (settings.persist !== undefined) checkPersistOptions(settings.persist);
  return { name: 'discovery', forApplication: () => new Discovery(settings) };
}

interface Parts {
  readonly registry: Registry;
  readonly memberships: Memberships;
  readonly services: ServicesWatch;
  readonly presence: Presence;
  readonly saved: LastKnown | undefined;
}

/** Discovery in one application. */
class Discovery implements ComponentSteps {
  readonly #options: DiscoveryOptions;
  readonly #listeners = new MembershipListeners();
  #parts: Parts | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  provide(provision: Provision): void {
    provision.factory(registryToken, (resolver) => this.#open(resolver).registry);
    provision.factory(membershipsToken, (resolver) => this.#open(resolver).memberships);
  }

  start(context: ComponentContext): void {
    this.#listeners.listenTo(this.#open(context).memberships, context.env.logger);
  }

  built(instance: object): void {
    this.#listeners.add(instance);
  }

  ready(context: ComponentContext): Promise<void> {
    const { presence } = this.#open(context);
    const { app, announcements, env } = context;
    return presence.arrive(instancesOf(app, announcements, this.#options, env.clock.wallTime()), context.call);
  }

  async drain(): Promise<void> {
    await this.#parts?.presence.leave();
  }

  async stop(): Promise<void> {
    if (!this.#parts) return;
    const { presence, memberships, services, registry, saved } = this.#parts;
    this.#listeners[Symbol.dispose]();
    await presence.leave();
    memberships[Symbol.dispose]();
    services[Symbol.dispose]();
    await saved?.close();
    await registry.close();
  }

  health(): readonly HealthIndicator[] {
    return [{ name: 'discovery', check: () => this.#health() }];
  }

  manage(): readonly ManagementEndpoint[] {
    return [
      { path: 'instances', handle: () => this.#instances() },
      { path: 'endpoints', handle: () => ({ endpoints: this.#parts?.memberships.monitor.list() ?? [] }) },
    ];
  }

  #open(resolver: Resolver): Parts {
    this.#parts ??= this.#make(resolver.get(envToken));
    return this.#parts;
  }

  #make(env: Env): Parts {
    const given = this.#options.registry;
    const registry = given ? (given.connect?.(env) ?? given) : localRegistry(undefined, env);
    // The first watch makes the registry connect, so that this happens while everything else starts.
    const services = registry.services();
    const presence = new Presence(registry, env, this.#options);
    const { persist } = this.#options;
    const saved = persist && lastKnown(persist, env);
    return { registry, memberships: memberships(registry, env, saved), services, presence, saved };
  }

  #health(): HealthReport {
    if (!this.#parts) return { status: 'UNKNOWN' };
    const { registry, presence } = this.#parts;
    const connection = registry.connection.value;
    const tls = registry.tlsHealth;
    const details = {
      ...{ registry: registry.name, ...connection, registered: presence.registered },
      ...(tls && { tls: tls.details }),
    };
    const { state, reason } = connection;
    const registered = reason === undefined && presence.registered >= presence.wanted;
    const whole = state === 'connected' && registered && (tls?.status ?? 'UP') === 'UP';
    return { status: whole ? 'UP' : 'DEGRADED', details };
  }

  #instances(): unknown {
    if (!this.#parts) return { services: {} };
    const { registry, memberships, services, presence } = this.#parts;
    const watched = memberships.services.map((service) => {
      const list = memberships.of(service);
      return [service, { stale: list.stale, instances: list.value.map(({ instance }) => instance) }] as const;
    });
    return {
      registry: { name: registry.name, ...registry.connection.value },
      own: presence.instances,
      services: services.names.value,
      watched: Object.fromEntries(watched),
    };
  }
}
