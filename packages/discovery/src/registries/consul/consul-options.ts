import { type ConsulAgentOptions, consulAgentDefaults } from '@fwk/kernel/consul';

/**
 * How Consul verifies the certificate of an instance when it checks it over TLS. Which authorities it trusts is set in Consul:
 * those of its machine, or its `ca_file` with `enable_agent_tls_for_checks`.
 */
export interface ConsulCheckTls {
  /**
   * The name that the instance's certificate must bear. Consul older than 1.9 cannot be told one, and refuses an instance
   * with it. @defaultValue the name of the service, or what an older Consul takes: the host, or with
   * `enable_agent_tls_for_checks` its own name
   */
  readonly serverName?: string | undefined;
  /** false: Consul takes any certificate, so that whatever listens at the port counts as the instance. @defaultValue true */
  readonly verify?: boolean | undefined;
}

/** Options of `consulRegistry`. */
export interface ConsulOptions extends ConsulAgentOptions {
  /**
   * Other datacentres, in the order in which they are asked for a service that has nobody to call in the agent's own.
   * @defaultValue none
   */
  readonly datacenters: readonly string[];
  /** `ttl`: this process reports that it lives. `http`: Consul asks the instance at `checkPath`. @defaultValue 'ttl' */
  readonly check: 'ttl' | 'http';
  /** How long an instance counts as alive without a report; reports go out at a third of it. @defaultValue 15000 */
  readonly ttlMs: number;
  /** What Consul asks with `check: 'http'`. @defaultValue '/readyz' */
  readonly checkPath: string;
  /**
   * For `check: 'http'` of an instance that speaks TLS.
   * @defaultValue Consul verifies that the certificate bears the name of the service
   */
  readonly checkTls?: ConsulCheckTls | undefined;
  /** How often, with `check: 'http'`. @defaultValue 5000 */
  readonly checkIntervalMs: number;
  /** How long an instance may be critical before Consul forgets it; Consul takes no less than a minute. @defaultValue 60000 */
  readonly deregisterCriticalAfterMs: number;
  /** Services that are watched by a connection each; further ones share one. @defaultValue 8 */
  readonly maxQueries: number;
}

/** Defaults of `consulRegistry`. */
export const consulDefaults = Object.freeze({
  ...consulAgentDefaults,
  datacenters: Object.freeze([]) as readonly string[],
  check: 'ttl',
  ttlMs: 15_000,
  checkPath: '/readyz',
  checkIntervalMs: 5000,
  deregisterCriticalAfterMs: 60_000,
  maxQueries: 8,
} as const) satisfies Partial<ConsulOptions>;
