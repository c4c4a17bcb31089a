import {
  checkOptions,
  integerIn,
  millisecondsIn,
  OptionsError,
  oneOf,
  optional,
  type Rule,
  ratio,
  text,
} from '@fwk/kernel';
import { isServiceName } from '../../instance.js';
import { isHostName, isPort, isServer } from './resolv-conf.js';

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
  /**
   * The protocol of the instances, which DNS does not tell: `http` or `https`. A client with `tls` speaks TLS with all of them
   * either way. Instances of `https` prove the name of their service, not that of their host. @defaultValue 'http'
   */
  readonly scheme: 'http' | 'https';
  /** Asked instead of the servers of this machine; it knows its own. @defaultValue none */
  readonly resolver?: DnsResolver | undefined;
  /** IP addresses of the servers to ask, with a port where it is not 53. @defaultValue those of `resolvConf` */
  readonly servers?: readonly string[] | undefined;
  /**
   * Domains that complete a name of `services`, as `search` in `resolv.conf`. @defaultValue those of `resolvConf`, and none
   * beside `resolver`
   */
  readonly search?: readonly string[] | undefined;
  /** A name with so many dots is tried as it is first, 0 to 15. @defaultValue that of `resolvConf`, and 1 beside `resolver` */
  readonly ndots?: number | undefined;
  /** Where this machine says whom to ask; read again when it has changed. @defaultValue '/etc/resolv.conf' */
  readonly resolvConf: string;
  /** Which addresses of a host count that has both IPv4 and IPv6 ones, 4 or 6. @defaultValue 4 */
  readonly family: 4 | 6;
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
  /** How long a server may take to answer before the next one is asked, 10 to 60 000. @defaultValue 2000 */
  readonly timeoutMs: number;
  /** How long a server that failed is asked after the others, 0 to 3 600 000. @defaultValue 30000 */
  readonly avoidServerMs: number;
  /** Questions that are under way at a time, 1 to 1000. @defaultValue 50 */
  readonly maxQuestions: number;
}

/** Defaults of `dnsRegistry`. */
export const dnsRegistryDefaults = Object.freeze({
  scheme: 'http',
  resolvConf: '/etc/resolv.conf',
  family: 4,
  minTtlMs: 1000,
  maxTtlMs: 60_000,
  srvRefreshMs: 5000,
  retryMs: 1000,
  jitter: 0.2,
  timeoutMs: 2000,
  avoidServerMs: 30_000,
  maxQuestions: 50,
}) satisfies Partial<DnsRegistryOptions>;

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkDnsOptions(
  given: Pick<DnsRegistryOptions, 'services'> & Partial<DnsRegistryOptions>,
): DnsRegistryOptions {
  const options = checkOptions<DnsRegistryOptions>('dnsRegistry', given, dnsRegistryDefaults, {
    services,
    scheme: oneOf('http', 'https'),
    resolver: optional(resolver),
    servers: optional(servers),
    search: optional(search),
    ndots: optional(integerIn(0, 15)),
    resolvConf: text,
    family: (value) => (value === 4 || value === 6 ? undefined : '4 or 6'),
    minTtlMs: millisecondsIn(100, 3_600_000),
    maxTtlMs: millisecondsIn(100, 86_400_000),
    srvRefreshMs: millisecondsIn(100, 3_600_000),
    retryMs: millisecondsIn(100, 3_600_000),
    jitter: ratio,
    timeoutMs: millisecondsIn(10, 60_000),
    avoidServerMs: millisecondsIn(0, 3_600_000),
    maxQuestions: integerIn(1, 1000),
  });
  const problems: string[] = [];
  if (options.minTtlMs > options.maxTtlMs)
    problems.push(`minTtlMs ${options.minTtlMs} must not be above maxTtlMs ${options.maxTtlMs}`);
  if (options.resolver && options.servers) problems.push('servers and resolver exclude each other');
  if (problems.length > 0) throw new OptionsError('dnsRegistry', problems);
  return options;
}

const services: Rule = (value) => {
  const fits = ([service, place]: readonly [string, unknown]) => {
    const [name = '', port, ...rest] = typeof place === 'string' ? place.split(':') : [];
    const hasPort = port === undefined || (/^\d{1,5}$/.test(port) && isPort(Number(port)));
    return isServiceName(service) && isHostName(name) && hasPort && rest.length === 0;
  };
  const whole = typeof value === 'object' && value !== null && !Array.isArray(value);
  return whole && Object.entries(value).every(fits)
    ? undefined
    : 'names by service, each like host:port or _service._tcp.domain';
};

const servers: Rule = (value) =>
  Array.isArray(value) && value.length > 0 && value.length <= 10 && value.every(isServer)
    ? undefined
    : '1 to 10 IP addresses like 10.0.0.2, 10.0.0.2:5353 or [fd00::2]:53';

const search: Rule = (value) =>
  Array.isArray(value) &&
  value.length <= 32 &&
  value.every((domain) => typeof domain === 'string' && isHostName(domain))
    ? undefined
    : 'at most 32 domains';

const resolver: Rule = (value) =>
  typeof value === 'object' && value !== null && 'resolve4' in value && 'resolve6' in value && 'resolveSrv' in value
    ? undefined
    : 'an object with resolve4, resolve6 and resolveSrv';
