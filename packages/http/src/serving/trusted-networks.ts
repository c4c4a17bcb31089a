import type { BlockList } from 'node:net';
import { type Network, parseNetwork, type Rule } from '@fwk/kernel';

/** The address of all callers at a Unix socket. */
export const unixAddress = 'unix';
/** The address of all callers in the same process. */
export const localAddress = 'local';

/** What stands in a list for callers without an address of their own. */
const places: readonly string[] = [unixAddress, localAddress];

/** Says of a remote address whether it is trusted. */
export type TrustCheck = (address: string) => boolean;

/** A rule for lists of addresses and networks. */
export const networkList: Rule = (value) =>
  Array.isArray(value) && value.every(isPlace)
    ? undefined
    : 'a list of addresses and networks such as 10.0.0.0/8, unix for the callers at a Unix socket, or local for those in this process';

function isPlace(value: unknown): boolean {
  return typeof value === 'string' && (places.includes(value) || parseNetwork(value) !== undefined);
}

/** Makes the check; nobody is trusted where nothing is listed. */
export async function trustCheck(networks: readonly string[]): Promise<TrustCheck> {
  if (networks.length === 0) return () => false;
  const { BlockList: List, isIP } = await import('node:net');
  const list: BlockList = new List();
  for (const text of networks) {
    if (places.includes(text)) continue;
    const { address, bits, family } = parseNetwork(text) as Network;
    list.addSubnet(address, bits, family);
  }
  const trusted = new Set(networks.filter((text) => places.includes(text)));
  return (given) => {
    if (places.includes(given)) return trusted.has(given);
    // A listener for both families shows IPv4 callers in this form.
    const address = given.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}
