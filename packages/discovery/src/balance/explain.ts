/** What a balanced service tells of itself: each endpoint with what it gets, and why some get nothing. */
import type { BalancerReport, EndpointReport, ReasonReport, SplitReport } from '../membership/monitor.js';
import type { Balancer } from '../pick/balancer.js';
import type { Split } from '../pick/router.js';
import type { Node } from './node.js';
import type { PickCounts } from './pick-counts.js';
import type { PickSet } from './pick-set.js';

/** Describes each endpoint as it is now. */
export function explainEndpoints<Req, Res>(
  service: string,
  set: PickSet<Req, Res>,
  counts: PickCounts,
  nowMs: number,
): readonly EndpointReport[] {
  const nodes = [...set.nodes];
  const { split } = set;
  const picks = nodes.map(({ slot }) => counts.of(slot, nowMs));
  const all = picks.reduce((sum, count) => sum + count, 0);
  return nodes.map((node, at) => {
    const { endpoint, inFlight, health } = node;
    const { instance } = endpoint;
    const { dueMs: _, atMs: __, ...ejection } = health.ejection ?? { dueMs: 0, atMs: 0 };
    const own = picks[at] as number;
    return {
      service,
      endpoint: endpoint.id,
      url: endpoint.url,
      status: statusOf(node),
      version: instance.version,
      zone: instance.zone,
      config: instance.metadata?.['config-hash'],
      weight: rounded(node.weight(nowMs)),
      load: rounded(node.load(nowMs)),
      inFlight,
      picks: own,
      share: all === 0 ? 0 : rounded(own / all),
      group: split?.groupOf(node),
      leftOut: leftOutOf(node, set),
      ejection: health.ejection ? ejection : undefined,
      withheld: health.withheld && { ...health.withheld },
      ...node.report(),
    };
  });
}

/** Describes the whole. @param endpoints - as {@link explainEndpoints} has described them */
export function explainBalancer<Req, Res>(
  { service, path, balancer }: { readonly service: string; readonly path: string; readonly balancer: Balancer },
  { panic, split }: PickSet<Req, Res>,
  endpoints: readonly EndpointReport[],
): BalancerReport {
  return {
    service,
    path,
    balancer: { kind: balancer.role, ...balancer.describe?.() },
    known: endpoints.length,
    picked: endpoints.filter(({ leftOut }) => !leftOut).length,
    panic,
    split: explainSplit(split, endpoints),
    endpoints,
  };
}

/** What each group of a split is to get, and what it gets. */
function explainSplit(split: Split | undefined, endpoints: readonly EndpointReport[]) {
  if (!split) return undefined;
  const shares = split.groups.reduce((sum, { share }) => sum + share, 0);
  const groups = split.groups.map(({ name, share }): SplitReport => {
    const own = endpoints.filter(({ group }) => group === name);
    const picks = own.reduce((sum, each) => sum + each.picks, 0);
    return { group: name, endpoints: own.length, configured: rounded(share / shares), picks, measured: 0 };
  });
  const all = groups.reduce((sum, { picks }) => sum + picks, 0);
  return groups.map((group) => ({ ...group, measured: all === 0 ? 0 : rounded(group.picks / all) }));
}

function statusOf<Req, Res>(node: Node<Req, Res>): string {
  return node.up ? node.status() : node.endpoint.instance.status;
}

/** The first reason why no call goes there: its status, then ejection, then routing, then this client's own layers. */
function leftOutOf<Req, Res>(node: Node<Req, Res>, set: PickSet<Req, Res>): ReasonReport | undefined {
  const { endpoint, health } = node;
  const { status } = endpoint.instance;
  if (status !== 'UP') return { rule: 'status', measured: status, wanted: 'UP' };
  if (health.ejection) {
    const { rule, measured, threshold, untilMs, error } = health.ejection;
    return { rule, measured, threshold, untilMs, error };
  }
  const routed = set.leftOut(node);
  if (routed) return routed;
  const own = node.status();
  return own === 'ready' ? undefined : { rule: 'own-layers', measured: own, wanted: 'ready' };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
