/**
 * Which address and port an instance tells the others: what the options say, else what the environment says, else where it
 * listens. The latter is wrong behind NAT and mapped ports, which nothing inside a container can see.
 */
import { BlockList, isIP } from 'node:net';
import { OptionsError, unknownName } from '@fwk/kernel';
import { isLinkLocal, outwardAddress } from './outward-address.js';

/** Where others reach the server; what is not given is found out. */
export interface AdvertiseOptions {
  /** Host name or IP address without brackets. @defaultValue `FWK_ADVERTISE_HOST`, else where it listens */
  readonly host?: string | undefined;
  /** 1 to 65 535. @defaultValue `FWK_ADVERTISE_PORT`, else the port that it listens on */
  readonly port?: number | undefined;
  /** What is spoken there, where a proxy in front speaks TLS for the server. @defaultValue what the server speaks */
  readonly scheme?: 'http' | 'https' | undefined;
}

/** A place, and who chose its address. */
export interface AdvertisedPlace {
  readonly host: string;
  readonly port: number;
  readonly chosenBy: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Takes what is not given from the environment, where an empty variable counts as none.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function checkAdvertise(given: unknown, environment: Variables): AdvertiseOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new OptionsError('http', ['advertise must be an object with host and port']);
  const { host, port, scheme, ...others } = given as Readonly<Record<string, unknown>>;
  const problems = Object.keys(others).map((name) =>
    unknownName('advertise has an unknown option', name, ['host', 'port', 'scheme']),
  );
  const check = (name: string, value: unknown, fits: boolean, kind: string) => {
    if (!fits) problems.push(`${name} must be ${kind}, not ${JSON.stringify(value)}`);
  };
  const hostSet = environment.FWK_ADVERTISE_HOST ?? '';
  const portSet = environment.FWK_ADVERTISE_PORT ?? '';
  const hostKind = 'a host name or an IP address that others can reach, without port and brackets';
  if (host !== undefined) check('advertise.host', host, isReachableHost(host), hostKind);
  else if (hostSet !== '') check('FWK_ADVERTISE_HOST', hostSet, isReachableHost(hostSet), hostKind);
  if (port !== undefined) check('advertise.port', port, isPort(port), 'a port from 1 to 65535');
  else if (portSet !== '')
    check(
      'FWK_ADVERTISE_PORT',
      portSet,
      /^\d{1,5}$/.test(portSet) && isPort(Number(portSet)),
      'a port from 1 to 65535',
    );
  if (scheme !== undefined) check('advertise.scheme', scheme, scheme === 'http' || scheme === 'https', 'http or https');
  if (problems.length > 0) throw new OptionsError('http', problems);
  return {
    ...(scheme !== undefined && { scheme: scheme as 'http' | 'https' }),
    host: (host as string | undefined) ?? (hostSet === '' ? undefined : hostSet),
    port: (port as number | undefined) ?? (portSet === '' ? undefined : Number(portSet)),
  };
}

/**
 * @param listening - where the server listens.
 * @returns undefined where it listens on a link-local address alone, which means nothing to others.
 */
export async function advertisedPlace(
  { host, port }: AdvertiseOptions,
  listening: { readonly host: string; readonly port: number },
): Promise<AdvertisedPlace | undefined> {
  const chosenPort = port ?? listening.port;
  if (host !== undefined) return { host, port: chosenPort, chosenBy: 'advertise' };
  const families = allAddresses(listening.host);
  if (families) return { ...(await outwardAddress(families)), port: chosenPort };
  if (isLinkLocal(listening.host)) return undefined;
  return { host: listening.host, port: chosenPort, chosenBy: 'listener' };
}

/** The families of a host that stands for all addresses, in whatever form (`0`, `0.0.0.0`, `::`, `0:0::0`). */
function allAddresses(host: string): readonly (4 | 6)[] | undefined {
  const url = `http://${host.includes(':') ? `[${host}]` : host}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  if (hostname === '0.0.0.0' || hostname === '[::ffff:0:0]') return [4];
  return hostname === '[::]' ? [4, 6] : undefined;
}

function isReachableHost(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 200) return false;
  const family = isIP(value);
  // A zone (`fe80::1%eth0`) means something on one machine only.
  if (family !== 0) return !value.includes('%') && !unreachable().check(value, family === 4 ? 'ipv4' : 'ipv6');
  const labels = value.split('.');
  const isName = labels.every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
  // The system takes a name that ends in a number for an address (`0x7f.1`); otherwise it is a mistyped one.
  return isName && !/^(?:\d{1,200}|0x[0-9a-f]{0,200})$/i.test(labels.at(-1) ?? '');
}

/** What nobody can call: no address at all, one of many machines, or of one link. IPv4 ones mapped into IPv6 count too. */
function unreachable(): BlockList {
  const list = new BlockList();
  list.addSubnet('0.0.0.0', 8);
  list.addSubnet('224.0.0.0', 4);
  list.addAddress('255.255.255.255');
  list.addAddress('::', 'ipv6');
  list.addSubnet('ff00::', 8, 'ipv6');
  list.addSubnet('fe80::', 10, 'ipv6');
  return list;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
}
