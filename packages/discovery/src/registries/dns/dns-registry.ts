/**
 * A registry that is the DNS: for peers behind names that something else keeps, as Kubernetes does for headless services.
 * It reads only. A service is asked for while somebody watches it, as often as its records' TTL says within bounds.
 * An answer that fails or is empty changes nothing: the last list stays, marked stale with the reason.
 */
import { background, type CallContext, type Env, type Live, liveValue, makeEnv } from '@fwk/kernel';
import { RegistryClosedError } from '../../errors.js';
import type { Instance } from '../../instance.js';
import type { Registry, RegistryConnection, ServicesWatch, Watch } from '../../registry.js';
import { Connection } from '../connection.js';
import { unlistedRegistration } from '../unlisted-registration.js';
import { checkDnsOptions, type DnsRegistryOptions } from './dns-options.js';
import { DnsService } from './dns-service.js';
import { NameServers } from './name-servers.js';

/**
 * Makes a registry of names. What it says of a service that it has no name for is that nobody is known.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example dnsRegistry({ services: { inventory: '_http._tcp.inventory.shop.svc', pricing: 'pricing:8080' } })
 */
export function dnsRegistry(
  options: Pick<DnsRegistryOptions, 'services'> & Partial<DnsRegistryOptions>,
  env?: Partial<Env>,
): Registry {
  return new DnsRegistry(checkDnsOptions(options), makeEnv(env));
}

class DnsRegistry implements Registry {
  readonly name = 'dns';
  readonly #connection: Connection;
  readonly #options: DnsRegistryOptions;
  readonly #env: Env;
  readonly #services = new Map<string, DnsService>();
  readonly #servers: NameServers;
  #closed = false;

  constructor(options: DnsRegistryOptions, env: Env) {
    this.#options = options;
    this.#env = env;
    this.#connection = new Connection(this.name, env);
    this.#servers = new NameServers(options, env);
  }

  get connection(): Live<RegistryConnection> {
    return this.#connection.live;
  }

  async register(instance: Instance, context: CallContext = background) {
    if (this.#closed) throw new RegistryClosedError(this.name);
    return unlistedRegistration(instance, context);
  }

  watch(service: string): Watch {
    let known = this.#services.get(service);
    if (!known) {
      const place = Object.hasOwn(this.#options.services, service) ? this.#options.services[service] : undefined;
      known = new DnsService(service, place, this.#options, this.#env, this.#servers, () => this.#judge());
      this.#services.set(service, known);
    }
    if (this.#closed) known.close();
    return known.watch();
  }

  /** The names that were configured: whether anybody is behind them is only known of those that are watched. */
  services(): ServicesWatch {
    const names = Object.freeze(Object.keys(this.#options.services).sort());
    return { names: liveValue(names, { name: 'service names' }), known: liveValue(true), [Symbol.dispose]() {} };
  }

  connect(env: Env): Registry {
    return new DnsRegistry(this.#options, env);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const service of this.#services.values()) service.close();
    this.#servers.close();
    this.#connection.closed();
  }

  /** Connected as long as every watched name is answered for. */
  #judge(): void {
    if (this.#closed) return;
    const reason = [...this.#services.values()].find(({ problem }) => problem !== undefined)?.problem;
    if (reason === undefined) this.#connection.answers();
    else this.#connection.lost(reason);
  }
}
