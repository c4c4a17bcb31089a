/** Who a request is counted for. A name is a claim that costs nothing, so it counts only from networks that are trusted. */
import { isIPv6 } from 'node:net';
import type { IncomingRequest } from './incoming-request.js';
import type { TrustCheck } from './trusted-networks.js';

/** The name of a trusted caller, else the address. */
export function callerKeyOf({ caller: name, address }: IncomingRequest, trusts: TrustCheck): string {
  return name !== undefined && trusts(address) ? name : networkOf(address);
}

/** Each IPv6 host may use all addresses of its /64, so they count as one. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%', 1)[0] as string;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...new Array<string>(Math.max(0, missing)).fill('0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
