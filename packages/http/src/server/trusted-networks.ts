import type { BlockList } from 'node:net';
import type { Rule } from '@fwk/kernel';

/** Says of a remote address whether it is trusted. */
export type TrustCheck = (address: string) => boolean;

/** A rule for lists of addresses and networks. */
export const networkList: Rule = (value) =>
  Array.isArray(value) && value.every((each) => readNetwork(each) !== undefined)
    ? undefined
    : 'a list of addresses and networks such as 10.0.0.0/8';

/** Makes the check; nobody is trusted where nothing is listed. */
export async function trustCheck(networks: readonly string[]): Promise<TrustCheck> {
  if (networks.length === 0) return () => false;
  const { BlockList: List, isIP } = await import('node:net');
  const list: BlockList = new List();
  for (const text of networks) {
    const { address, bits, family } = readNetwork(text) as Network;
    list.addSubnet(address, bits, family);
  }
  return (given) => {
    // A listener for both families shows callers by IPv4 so.
    const address = given.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

function readNetwork(text: unknown): Network | undefined {
  if (typeof text !== 'string') return undefined;
  const [, address = '', bits] = /^([0-9A-Fa-f.:]{2,45})(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (!family) return undefined;
  const most = family === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  return length <= most ? { address, bits: length, family } : undefined;
}

/** Without `node:net`, which would be loaded by everybody who only calls. */
function familyOf(address: string): Network['family'] | undefined {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/.test(address) && !address.endsWith('.')) return 'ipv4';
  return address.includes(':') && URL.canParse(`http://[${address}]`) ? 'ipv6' : undefined;
}
