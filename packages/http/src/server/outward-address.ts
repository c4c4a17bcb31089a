/**
 * The address by which others reach a server that listens on all addresses. The kernel knows it: connecting a UDP socket
 * sends nothing, but makes it choose the address of the interface that carries the route, which is the default route for
 * the addresses that documents use (RFC 5737, RFC 3849). Without a default route the interfaces are looked through, those
 * of bridges and virtual machines last: `docker0` is often the first, and its address is the same on every machine.
 */
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An address, and why it was chosen. */
export interface ChosenAddress {
  readonly host: string;
  readonly chosenBy: 'default route' | 'interface' | 'loopback';
}

/** Never delivered anywhere, and never sent to. */
const documentationAddresses = { 4: '192.0.2.1', 6: '2001:db8::1' } as const;

const bridges =
  /^(?:docker|br-|virbr|veth|cni|flannel|cali|cilium|lxcbr|lxdbr|podman|vmnet|vboxnet|vnet|tap|kube-|nodelocaldns|weave|dummy)/i;

/** An address of an interface, as {@link networkInterfaces} tells it. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  readonly internal: boolean;
}

/** @param families - those that the server listens on, the preferred one first. */
export async function outwardAddress(families: readonly (4 | 6)[]): Promise<ChosenAddress> {
  for (const family of families) {
    const host = await routedAddress(family);
    if (host !== undefined && isOutward(host)) return { host, chosenBy: 'default route' };
  }
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, internal }) => ({ interface: name, address, internal })),
  );
  const host = bestAddress(all, families, isBridge);
  return host === undefined ? { host: '127.0.0.1', chosenBy: 'loopback' } : { host, chosenBy: 'interface' };
}

/** The first address that others may reach: of interfaces before bridges, of the preferred family before the other one. */
export function bestAddress(
  addresses: readonly InterfaceAddress[],
  families: readonly (4 | 6)[],
  bridge: (name: string) => boolean,
): string | undefined {
  const usable = addresses.filter(({ internal, address }) => !internal && isOutward(address));
  const rank = ({ interface: name, address }: InterfaceAddress) =>
    // An automatic IPv4 address comes last: a machine has one where it was given none.
    (address.startsWith('169.254.') ? 4 : 0) + (bridge(name) ? 2 : 0) + families.indexOf(familyOf(address));
  return usable
    .filter(({ address }) => families.includes(familyOf(address)))
    .sort((one, two) => rank(one) - rank(two))[0]?.address;
}

/** Whether others can reach an address at all: IPv6 link-local ones mean something on one link of one machine only. */
function isOutward(address: string): boolean {
  return !isLinkLocal(address) && !/^(?:127\.|0\.|::1?$)/.test(address);
}

/** Whether this is an IPv6 link-local address (`fe80::/10`). */
export function isLinkLocal(address: string): boolean {
  // Node's own check comes second: on Node 20 its regular expression takes 8 ms to compile.
  return /^fe[89ab]/i.test(address) && isIPv6(address);
}

function isBridge(name: string): boolean {
  return bridges.test(name) || existsSync(`/sys/class/net/${name}/bridge`);
}

function familyOf(address: string): 4 | 6 {
  return isIPv6(address) ? 6 : 4;
}

/** The kernel's choice; undefined where there is no route. */
function routedAddress(family: 4 | 6): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    const end = (address: string | undefined) => {
      resolve(address);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
    };
    socket.once('error', () => end(undefined));
    // Without a route Node calls back with the error, other than its types say.
    socket.connect(9, documentationAddresses[family], (error?: unknown) =>
      end(error ? undefined : socket.address().address),
    );
  });
}
