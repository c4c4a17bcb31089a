/**
 * Which addresses instances may have. Whoever registers decides where the calls of all others go, so an address is a claim:
 * believed are this machine's own addresses and what is in a listed network. Link-local addresses, among them those at which
 * clouds tell a machine its credentials, and those that are no place at all, only where a listed network lies within them.
 *
 * A name is believed only when it is listed too, or is this machine's: what it leads to is decided elsewhere, and a number
 * such as `2852039166` or `0xa9fea9fe` is a name here and an address to the system.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { type Clock, isLoopback, type Network, parseNetwork } from '@fwk/kernel';

/** Whether an instance may have an address; answers what is wrong with it. */
export type AddressCheck = (address: string) => string | undefined;

const guarded: readonly Network[] = [
  ...['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'ff00::/8'],
  ...['169.254.0.0/16', 'fe80::/10'],
  // Where AWS, Google, Alibaba, Azure and Oracle answer beside the link-local address.
  ...['fd00:ec2::/32', 'fd20:ce::254', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
].map((text) => parseNetwork(text) as Network);

/** How often, in milliseconds, the machine's interfaces are looked at again for an address that is not known. */
const LOOK_AGAIN_MS = 1000;

/** Whether a text may stand in a list of names: one that no system takes for a number. */
export function isHostName(text: string): boolean {
  const isNumber = /^(?:\d{1,253}|0x[0-9a-f]{0,251})$/.test(plainName(text).split('.').at(-1) ?? '');
  return !isNumber && /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/.test(text);
}

/**
 * Makes the check.
 * @param listed - networks, addresses and names.
 * @param host - where the registry listens. Beyond loopback, the networks of this machine that it is in are believed too.
 */
export function addressCheck(listed: readonly string[], host: string, clock: Clock): AddressCheck {
  const networks = listed.flatMap((text) => parseNetwork(text) ?? []);
  const names = new Set(listed.filter((text) => !parseNetwork(text)).map(plainName));
  const within = listOf(networks.filter(isWithinGuarded));
  const open = listOf(networks.filter((network) => !isWithinGuarded(network)));
  const closed = listOf(guarded);
  let own = ownNetworks(host);
  let lookedAtMs = clock.now();
  const isOwn = (address: string) => {
    if (has(own, address)) return true;
    if (clock.now() - lookedAtMs < LOOK_AGAIN_MS) return false;
    lookedAtMs = clock.now();
    own = ownNetworks(host);
    return has(own, address);
  };
  const isBelieved = (given: string) => {
    const address = plainAddress(given.replace(/%.*/, ''));
    if (isIP(address) === 0) {
      const name = plainName(address);
      return name === 'localhost' || name === plainName(hostname()) || names.has(name);
    }
    if (isLoopback(address)) return true;
    if (has(closed, address) || embedded(address).some((inner) => has(closed, inner) && !has(within, inner))) {
      return has(within, address);
    }
    return has(open, address) || isOwn(address);
  };
  return (address) =>
    isBelieved(address)
      ? undefined
      : `address ${address} is neither of this machine nor in a listed network; list it by networks or FWK_REGISTRY_NETWORKS`;
}

/** This machine's addresses; beyond loopback, the networks that the registry's address is in. */
function ownNetworks(host: string): BlockList {
  const list = new BlockList();
  const everywhere = host === '0.0.0.0' || host === '::';
  if (!isLoopback(host) && !everywhere && isIP(host) !== 0) list.addAddress(host, familyOf(host));
  for (const face of Object.values(networkInterfaces()).flatMap((faces) => faces ?? [])) {
    const network = parseNetwork(face.cidr ?? face.address);
    if (!network) continue;
    list.addAddress(face.address, familyOf(face.address));
    if (isLoopback(host)) continue;
    const around = listOf([network]);
    if (everywhere || (isIP(host) !== 0 && has(around, host))) {
      list.addSubnet(network.address, network.bits, network.family);
    }
  }
  return list;
}

function isWithinGuarded({ address, bits }: Network): boolean {
  return guarded.some((outer) => bits >= outer.bits && has(listOf([outer]), address));
}

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const { address, bits, family } of networks) list.addSubnet(address, bits, family);
  return list;
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/** An IPv6 address in its shortest spelling, or the IPv4 address that is mapped in it; others as they are. */
function plainAddress(address: string): string {
  const words = wordsOf(address);
  if (!words) return address;
  return words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff ? v4Of(words, 6) : shortest(address);
}

/** IPv4 addresses that a gateway may take an IPv6 address for: compatible and translated ones, NAT64, 6to4. */
function embedded(address: string): readonly string[] {
  const words = wordsOf(address);
  if (!words) return [];
  if (words[0] === 0x2002) return [v4Of(words, 1)];
  const head = words.slice(0, 6).join();
  const known = head === '0,0,0,0,0,0' || head === '0,0,0,0,65535,0' || head.startsWith('100,65435,');
  return known ? [v4Of(words, 6)] : [];
}

/** The eight words of an IPv6 address, however it is spelt. */
function wordsOf(address: string): readonly number[] | undefined {
  if (isIP(address) !== 6) return undefined;
  const [head = '', tail] = shortest(address).split('::');
  const read = (part: string | undefined) => (part ? part.split(':').map((word) => Number.parseInt(word, 16)) : []);
  const [first, last] = [read(head), read(tail)];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function shortest(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function v4Of(words: readonly number[], at: number): string {
  const [high = 0, low = 0] = words.slice(at);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
