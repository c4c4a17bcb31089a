import { checkOptions, millisecondsIn, OptionsError, optional, type Rule, ratio } from '@fwk/kernel';
import { isServiceName } from '../../instance.js';

/** What is asked; `Resolver` of `node:dns/promises` is one. */
export interface DnsResolver {
  resolve4(name: string, options: { readonly ttl: true }): Promise<readonly DnsAddress[]>;
  resolve6(name: string, options: { readonly ttl: true }): Promise<readonly DnsAddress[]>;
  resolveSrv(name: string): Promise<readonly DnsTarget[]>;
}

/** An A or AAAA record. */
export interface DnsAddress {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/** An SRV record. */
export interface DnsTarget {
  readonly name: string;
  readonly port: number;
  /** Lower ones are to be used first. */
  readonly priority: number;
  readonly weight: number;
}

/** Options of `dnsRegistry`. Times are in milliseconds. */
export interface DnsRegistryOptions {
  /** By service: `host:port` for A and AAAA records, or the name of SRV records, like `_inventory._tcp.example.com`. */
  readonly services: Readonly<Record<string, string>>;
  /** @defaultValue a `Resolver` of `node:dns/promises` with the servers of this machine */
  readonly resolver?: DnsResolver | undefined;
  /** How long an answer is used at least, whatever its TTL says, 100 to 3 600 000. @defaultValue 1000 */
  readonly minTtlMs: number;
  /** How long it is used at most, 100 to 86 400 000. @defaultValue 60000 */
  readonly maxTtlMs: number;
  /** How often SRV records are asked for, whose TTL Node does not tell, 100 to 3 600 000. @defaultValue 5000 */
  readonly srvRefreshMs: number;
  /** The pause after a failure, 100 to 3 600 000. @defaultValue 1000 */
  readonly retryMs: number;
  /** Share by which each pause is shortened at random, so that not everybody asks at once, 0 to 1. @defaultValue 0.2 */
  readonly jitter: number;
  /** How long one attempt of Node's resolver may take, 10 to 60 000; it makes two. @defaultValue 2000 */
  readonly timeoutMs: number;
}

/** Defaults of `dnsRegistry`. */
export const dnsRegistryDefaults = Object.freeze({
  minTtlMs: 1000,
  maxTtlMs: 60_000,
  srvRefreshMs: 5000,
  retryMs: 1000,
  jitter: 0.2,
  timeoutMs: 2000,
}) satisfies Partial<DnsRegistryOptions>;

/** Whether a number may be the port of a record: 0 is none. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkDnsOptions(
  given: Pick<DnsRegistryOptions, 'services'> & Partial<DnsRegistryOptions>,
): DnsRegistryOptions {
  const options = checkOptions<DnsRegistryOptions>('dnsRegistry', given, dnsRegistryDefaults, {
    services,
    resolver: optional(resolver),
    minTtlMs: millisecondsIn(100, 3_600_000),
    maxTtlMs: millisecondsIn(100, 86_400_000),
    srvRefreshMs: millisecondsIn(100, 3_600_000),
    retryMs: millisecondsIn(100, 3_600_000),
    jitter: ratio,
    timeoutMs: millisecondsIn(10, 60_000),
  });
  if (options.minTtlMs <= options.maxTtlMs) return options;
  const problem = `minTtlMs ${options.minTtlMs} must not be above maxTtlMs ${options.maxTtlMs}`;
  throw new OptionsError('dnsRegistry', [problem]);
}

const services: Rule = (value) => {
  const fits = ([service, place]: readonly [string, unknown]) => {
    const parts = typeof place === 'string' ? /^[A-Za-z0-9._-]{1,253}(?::(\d{1,5}))?$/.exec(place) : null;
    return parts !== null && (parts[1] === undefined || isPort(Number(parts[1]))) && isServiceName(service);
  };
  const whole = typeof value === 'object' && value !== null && !Array.isArray(value);
  return whole && Object.entries(value).every(fits)
    ? undefined
    : 'names by service, each like host:port or _service._tcp.domain';
};

const resolver: Rule = (value) =>
  typeof value === 'object' && value !== null && 'resolve4' in value && 'resolve6' in value && 'resolveSrv' in value
    ? undefined
    : 'an object with resolve4, resolve6 and resolveSrv';
