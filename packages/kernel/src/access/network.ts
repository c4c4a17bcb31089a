/**
 * Networks as they are written in options and in the environment. Read without `node:net`, which a program that only calls
 * would load for nothing.
 */

/** A network, or one address with all of its bits. */
export interface Network {
  readonly address: string;
  /** How many of the first bits count: 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Reads `10.0.0.0/8`, `fd00::/8` or an address alone; undefined for what is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', bits] = /^([0-9A-Fa-f.:]{2,45})(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (!family) return undefined;
  const most = family === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  return length <= most ? { address, bits: length, family } : undefined;
}

function familyOf(address: string): Network['family'] | undefined {
  if (v4.test(address)) return 'ipv4';
  return address.includes(':') && URL.canParse(`http://[${address}]`) ? 'ipv6' : undefined;
}
