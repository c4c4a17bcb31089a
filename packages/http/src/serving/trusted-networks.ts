import type { BlockList } from 'node:net';
import { type Network, parseNetwork, type Rule } from '@fwk/kernel';

/** The address of all callers at a Unix socket. */
export const unixAddress = 'unix';

/** Says of a remote address whether it is trusted. */
export type TrustCheck = (address: string) => boolean;

/** A rule for lists of addresses and networks. */
export const networkList: Rule = (value) =>
  Array.isArray(value) && value.every(isPlace)
    ? undefined
    : 'a list of addresses and networks such as 10.0.0.0/8, or unix for the callers at a Unix socket';

function isPlace(value: unknown): boolean {
  return typeof value === 'string' && (value === unixAddress || parseNetwork(value) !== undefined);
}

/** Makes the check; nobody is trusted where nothing is listed. */
export async function trustCheck(networks: readonly string[]): Promise<TrustCheck> {
  if (networks.length === 0) return () => false;
  const { BlockList: List, isIP } = await import('node:net');
  const list: BlockList = new List();
  for (const text of networks) {
    if (text === unixAddress) continue;
    const { address, bits, family } = parseNetwork(text) as Network;
    list.addSubnet(address, bits, family);
  }
  const trustsUnix = networks.includes(unixAddress);
  return (given) => {
    if (given === unixAddress) return trustsUnix;
    // A listener for both families shows IPv4 callers in this form.
    const address = given.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}
