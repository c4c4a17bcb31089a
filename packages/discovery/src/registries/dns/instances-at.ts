import { messageOf } from '@fwk/kernel';
import { type Instance, parseInstance } from '../../instance.js';
import type { DnsTarget } from './dns-options.js';

/** An SRV record, and the addresses of its host. */
export interface ResolvedTarget {
  readonly target: DnsTarget;
  readonly host: { readonly addresses: readonly string[] };
}

/** Instances that one service may have; an answer over TCP has room for some 4000 addresses of each host. */
const MAX_INSTANCES = 10_000;

/**
 * The instances at the first priority of which a host has an address. Records that lead to the same address and port are
 * one instance, with the sum of their weights.
 */
export function instancesAt(
  service: string,
  targets: readonly ResolvedTarget[],
  scheme: 'http' | 'https',
): { readonly instances: readonly Instance[]; readonly unreadable: string[] } {
  const reachable = targets.filter(({ host }) => host.addresses.length > 0);
  const first = Math.min(...reachable.map(({ target }) => target.priority));
  const places = new Map<string, { readonly address: string; readonly port: number; weight: number }>();
  const unreadable: string[] = [];
  for (const { target, host } of reachable) {
    if (target.priority !== first) continue;
    for (const address of host.addresses) {
      const key = `${address}:${target.port}`;
      const place = places.get(key);
      if (place) place.weight += target.weight;
      else if (places.size < MAX_INSTANCES) places.set(key, { address, port: target.port, weight: target.weight });
      else if (unreadable.length === 0) unreadable.push(`all but the first ${MAX_INSTANCES} addresses`);
    }
  }
  const highest = Math.max(...[...places.values()].map(({ weight }) => weight));
  const metadata = scheme === 'https' ? { metadata: { scheme } } : {};
  const instances: Instance[] = [];
  for (const [key, { address, port, weight }] of places) {
    // Weights of DNS go to 65 535, ours to 1000; where all are 0 there is nothing to weigh.
    const share = highest > 0 ? Math.max(weight / Math.max(1, highest / 1000), 0.001) : undefined;
    const facts = { id: `${service}@${key}`, service, version: '0.0.0', address, port, startedAtMs: 0, status: 'UP' };
    try {
      instances.push(parseInstance({ ...facts, ...metadata, ...(share !== undefined && { weight: share }) }));
    } catch (error) {
      unreadable.push(messageOf(error));
    }
  }
  return { instances, unreadable };
}
