import { networkInterfaces } from 'node:os';

/**
 * The address by which others reach a server: the one that it listens on, or for all addresses the machine's first one
 * that others can see.
 */
export function announcedAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outward = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const found = outward.find(({ family }) => family === 'IPv4') ?? (host === '::' ? outward[0] : undefined);
  return found?.address ?? '127.0.0.1';
}
