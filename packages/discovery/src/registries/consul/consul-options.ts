import {
  anything,
  checkOptions,
  integerIn,
  millisecondsIn,
  OptionsError,
  oneOf,
  optional,
  type Rule,
  text,
} from '@fwk/kernel';

/** What TLS needs beyond `https:` in the URL; PEM text, as `node:tls` takes it. */
export interface ConsulTls {
  /** Who signed the agent's certificate. @defaultValue what Node trusts */
  readonly ca?: string | undefined;
  /** Our own certificate, where Consul wants one. */
  readonly cert?: string | undefined;
  /** Its key. */
  readonly key?: string | undefined;
  /** The name that the agent's certificate must bear. @defaultValue the host of the URL */
  readonly servername?: string | undefined;
}

/** Options of `consulRegistry`. */
export interface ConsulOptions {
  /**
   * The agent, normally the one of this machine.
   * @defaultValue the environment variable `CONSUL_HTTP_ADDR`, else `http://127.0.0.1:8500`
   */
  readonly url: string;
  /** ACL token: visible ASCII characters without spaces. @defaultValue the environment variable `CONSUL_HTTP_TOKEN`, else none */
  readonly token?: string | undefined;
  /**
   * A file that holds the ACL token. It is read again for each request, so that a token can be changed under way.
   * @defaultValue the environment variable `CONSUL_HTTP_TOKEN_FILE`, else none
   */
  readonly tokenFile?: string | undefined;
  /** For `https:` URLs. */
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

/**
 * Checks the options of a Consul registry.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkConsulOptions(
  given: Partial<ConsulOptions> | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<ConsulOptions> {
  const { CONSUL_HTTP_ADDR: place, CONSUL_HTTP_TOKEN: token, CONSUL_HTTP_TOKEN_FILE: tokenFile } = environment;
  const defaults = {
    ...consulDefaults,
    ...(place && { url: place.includes('://') ? place : `http://${place}` }),
    ...(token && { token }),
    ...(tokenFile && { tokenFile }),
  };
  const options = checkOptions<ConsulOptions>('consulRegistry', given, defaults, {
    url: baseUrl,
    token: anything,
    tokenFile: optional(text),
    tls: anything,
    datacenters: names,
    check: oneOf('ttl', 'http'),
    ttlMs: millisecondsIn(1000, 3_600_000),
    checkPath: path,
    checkIntervalMs: millisecondsIn(1000, 3_600_000),
    deregisterCriticalAfterMs: millisecondsIn(60_000, 86_400_000),
    waitMs: millisecondsIn(1000, 600_000),
    requestTimeoutMs: millisecondsIn(10, 60_000),
    maxPauseMs: millisecondsIn(10, 60_000),
    maxQueries: integerIn(0, 100),
  });
  // No rule of its own: it would show the value.
  const isWrong = options.token !== undefined && !isToken(options.token);
  const problem = isWrong ? 'token must be visible ASCII characters without spaces' : tlsProblem(options);
  if (problem) throw new OptionsError('consulRegistry', [problem]);
  return options;
}

/** True for what may stand in a header as a token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

const baseUrl: Rule = (value) => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const plain = url && url.pathname === '/' && !url.search && !url.hash && !url.username;
  return plain && /^https?:$/.test(url.protocol) ? undefined : 'a base URL like http://127.0.0.1:8500';
};

const names: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && /^[\w-]+$/.test(name))
    ? undefined
    : 'a list of names of datacentres';

const path: Rule = (value) =>
  typeof value === 'string' && /^\/[^\s]*$/.test(value) ? undefined : 'a path like /readyz';

function tlsProblem({ tls, url }: ConsulOptions): string | undefined {
  if (tls === undefined) return undefined;
  if (typeof tls !== 'object' || tls === null) return 'tls must be an object';
  if (!url.startsWith('https:')) return `tls needs an https URL, not ${url}`;
  const wrong = Object.entries(tls).find(
    ([field, value]) => !tlsFields.includes(field) || (value !== undefined && typeof value !== 'string'),
  );
  return wrong && `tls.${wrong[0]} must be one of ${tlsFields.join(', ')}, and text`;
}

const tlsFields = ['ca', 'cert', 'key', 'servername'];
