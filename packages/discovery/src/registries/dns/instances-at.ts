import { messageOf } from '@fwk/kernel';
import { type Instance, instanceLimits, parseInstance } from '../../instance.js';
import type { DnsTarget } from './dns-options.js';

/** An SRV record, and the addresses of its host. */
export interface ResolvedTarget {
  readonly target: DnsTarget;
  readonly host: { readonly addresses: readonly string[] };
}

/** Instances that one service may have; an answer over TCP has room for some 4000 addresses of each host. */
const MAX_INSTANCES = 10_000;

/** What a record of weight 0 gets beside others: as RFC 2782 has it, a very small chance. */
const LEAST = 0.001;

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
    // The weight is that of the record, however many addresses its host has.
    const weight = target.weight / host.addresses.length;
    for (const address of host.addresses) {
      const key = `${address}:${target.port}`;
      const place = places.get(key);
      if (place) place.weight += weight;
      else if (places.size < MAX_INSTANCES) places.set(key, { address, port: target.port, weight });
      else if (unreadable.length === 0) unreadable.push(`all but the first ${MAX_INSTANCES} addresses`);
    }
  }
  const highest = Math.max(...[...places.values()].map(({ weight }) => weight));
  const metadata = scheme === 'https' ? { metadata: { scheme } } : {};
  const instances: Instance[] = [];
  for (const [key, { address, port, weight }] of places) {
    // Several records of one place may be more than an instance may say; where all are 0 there is nothing to weigh.
    const share = highest > 0 ? Math.max(weight / Math.max(1, highest / instanceLimits.weight), LEAST) : undefined;
    const facts = { id: `${service}@${key}`, service, version: '0.0.0', address, port, startedAtMs: 0, status: 'UP' };
    try {
      instances.push(parseInstance({ ...facts, ...metadata, ...(share !== undefined && { weight: share }) }));
    } catch (error) {
      unreadable.push(messageOf(error));
    }
  }
  return { instances, unreadable };
}
