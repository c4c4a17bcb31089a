import type { TlsSources } from '@fwk/kernel';

/**
 * What TLS needs beyond `https:` in the URL: each part as PEM text, or as a file, which is read again when it changes.
 * Without any, the environment decides: `CONSUL_CACERT`, `CONSUL_CAPATH`, `CONSUL_CLIENT_CERT`, `CONSUL_CLIENT_KEY`,
 * `CONSUL_TLS_SERVER_NAME` and `CONSUL_HTTP_SSL_VERIFY`.
 */
export interface ConsulTls extends TlsSources {
  /** The name that the agent's certificate must bear. @defaultValue the host of the URL */
  readonly serverName?: string | undefined;
  /** false takes any certificate, and so any listener, for the agent. @defaultValue true */
  readonly verify?: boolean | undefined;
}

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
export interface ConsulOptions {
  /**
   * The agent, normally the one of this machine: `http://`, `https://`, or `unix:///path/to/socket`.
   * @defaultValue the environment variable `CONSUL_HTTP_ADDR`, else `http://127.0.0.1:8500`; with `CONSUL_HTTP_SSL` by https
   */
  readonly url: string;
  /** ACL token: visible ASCII characters without spaces. @defaultValue the environment variable `CONSUL_HTTP_TOKEN`, else none */
  readonly token?: string | undefined;
  /**
   * A file that holds the ACL token. It is read again for each request, so that a token can be changed under way.
   * @defaultValue the environment variable `CONSUL_HTTP_TOKEN_FILE` unless `token` is given, else none
   */
  readonly tokenFile?: string | undefined;
  /** `user:password` for a proxy before the agent. @defaultValue the environment variable `CONSUL_HTTP_AUTH`, else none */
  readonly auth?: string | undefined;
  /**
   * Sends token and password to another machine over plain HTTP, where whoever stands on the way can read them.
   * @defaultValue the environment variable `FWK_CONSUL_TOKEN_OVER_HTTP`, else false
   */
  readonly tokenOverHttp: boolean;
  /** Consul Enterprise: the namespace of all that is asked. @defaultValue the environment variable `CONSUL_NAMESPACE` */
  readonly namespace?: string | undefined;
  /** Consul Enterprise: the partition of all that is asked. @defaultValue the environment variable `CONSUL_PARTITION` */
  readonly partition?: string | undefined;
  /** For an `https:` agent. */
  readonly tls?: ConsulTls | undefined;
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
  /** How long Consul may hold a question until something changes. @defaultValue 300000 */
  readonly waitMs: number;
  /** How long a question that Consul does not hold may take. @defaultValue 5000 */
  readonly requestTimeoutMs: number;
  /** The longest pause between attempts to reach Consul; they are spread below it. @defaultValue 3000 */
  readonly maxPauseMs: number;
  /** Services that are watched by a connection each; further ones share one. @defaultValue 8 */
  readonly maxQueries: number;
}

/** Defaults of `consulRegistry`. */
export const consulDefaults = Object.freeze({
  url: 'http://127.0.0.1:8500',
  tokenOverHttp: false,
  datacenters: Object.freeze([]) as readonly string[],
  check: 'ttl',
  ttlMs: 15_000,
  checkPath: '/readyz',
  checkIntervalMs: 5000,
  deregisterCriticalAfterMs: 60_000,
  waitMs: 300_000,
  requestTimeoutMs: 5000,
  maxPauseMs: 3000,
  maxQueries: 8,
} as const) satisfies Partial<ConsulOptions>;
