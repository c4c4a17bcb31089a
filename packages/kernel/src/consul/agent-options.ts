import type { TlsSources } from '../tls/tls-options.js';

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

/** Answers the ACL token to send now; undefined for none. */
export type TokenReader = () => string | undefined | Promise<string | undefined>;

/** How an agent is reached: options that all share who speak to Consul. */
export interface ConsulAgentOptions {
  /**
   * The agent, normally the one of this machine: `http://`, `https://`, or `unix:///path/to/socket`.
   * @defaultValue the environment variable `CONSUL_HTTP_ADDR`, else `http://127.0.0.1:8500`; with `CONSUL_HTTP_SSL` by https
   */
  readonly url: string;
  /**
   * ACL token: visible ASCII characters without spaces; or a function, which is called for each request. While it fails, the last token
   * stays in use.
   * @defaultValue the environment variable `CONSUL_HTTP_TOKEN`, else none
   */
  readonly token?: string | TokenReader | undefined;
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
  /** How long Consul may hold a question until something changes, in milliseconds. @defaultValue 300000 */
  readonly waitMs: number;
  /** How long a question that Consul does not hold may take, in milliseconds. @defaultValue 5000 */
  readonly requestTimeoutMs: number;
  /** The longest pause between attempts to reach Consul, in milliseconds; they are spread below it. @defaultValue 3000 */
  readonly maxPauseMs: number;
}

/** Defaults of {@link ConsulAgentOptions}. */
export const consulAgentDefaults = Object.freeze({
  url: 'http://127.0.0.1:8500',
  tokenOverHttp: false,
  waitMs: 300_000,
  requestTimeoutMs: 5000,
  maxPauseMs: 3000,
} as const) satisfies Partial<ConsulAgentOptions>;
