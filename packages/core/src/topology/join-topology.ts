import { createDigest, digestOf, type LatencyDigest, type LatencySnapshot } from '@fwk/kernel';
import { findCycles, type Graph } from './find-cycles.js';
import type { EdgeReport, TopologyReport } from './topology-report.js';

/** One edge of all instances of a service together. */
export interface JoinedEdge {
  readonly caller: { readonly service: string; readonly operation: string };
  readonly callee: { readonly service: string; readonly operation: string };
  /** Of the last one to two windows, all instances together. */
  readonly ratePerSecond: number;
  readonly errorRatio: number;
  /** Percentiles of all calls together; of instances that sent their digests. */
  readonly latency: LatencySnapshot;
  /** How many instances call. */
  readonly instances: number;
}

/** What the reports of instances say together. */
export interface TopologyMap {
  readonly services: readonly {
    readonly name: string;
    readonly versions: readonly string[];
    readonly instances: number;
  }[];
  readonly edges: readonly JoinedEdge[];
  /**
   * Calls that lead back to where they came from, each with its first member at both ends. One of `operations` may call itself
   * for ever; one of `services` shows services that need each other to answer. Of services that are all part of several cycles
   * one is shown.
   */
  readonly cycles: {
    readonly services: readonly (readonly string[])[];
    readonly operations: readonly (readonly string[])[];
  };
  /** Data stores that more than one service uses. */
  readonly sharedDatastores: readonly {
    readonly kind: string;
    readonly name: string;
    readonly services: readonly string[];
  }[];
}

/** Joins what instances report, each instance once. */
export function joinTopology(reports: Iterable<TopologyReport>): TopologyMap {
  const byInstance = new Map([...reports].map((report) => [report.instance, report]));
  const services = new Map<string, { versions: Set<string>; instances: number }>();
  const edges = new Map<string, EdgeSum>();
  const stores = new Map<string, { kind: string; name: string; services: Set<string> }>();
  for (const { service, version, edges: own, datastores } of byInstance.values()) {
    const known = services.get(service) ?? { versions: new Set(), instances: 0 };
    known.versions.add(version);
    known.instances++;
    services.set(service, known);
    for (const edge of own) {
      const key = JSON.stringify([service, edge.caller, edge.callee.service, edge.callee.operation]);
      const sum = edges.get(key) ?? new EdgeSum(service, edge);
      sum.add(edge);
      edges.set(key, sum);
    }
    for (const { kind, name } of datastores) {
      const key = JSON.stringify([kind, name]);
      const store = stores.get(key) ?? { kind, name, services: new Set<string>() };
      store.services.add(service);
      stores.set(key, store);
    }
  }
  const joined = [...edges.values()].map((sum) => sum.joined());
  return {
    services: [...services]
      .map(([name, { versions, instances }]) => ({ name, versions: [...versions].sort(), instances }))
      .sort((left, right) => (left.name < right.name ? -1 : 1)),
    edges: joined,
    cycles: {
      services: findCycles(graphOf(joined, ({ service }) => service)),
      operations: findCycles(
        // What nobody asked for cannot be called.
        graphOf(joined, ({ service, operation }) => (operation === '' ? undefined : `${service}: ${operation}`)),
      ),
    },
    sharedDatastores: [...stores.values()]
      .filter(({ services: users }) => users.size > 1)
      .map(({ kind, name, services: users }) => ({ kind, name, services: [...users].sort() })),
  };
}

function graphOf(edges: readonly JoinedEdge[], nodeOf: (end: JoinedEdge['caller']) => string | undefined): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { caller, callee } of edges) {
    const [from, to] = [nodeOf(caller), nodeOf(callee)];
    if (from === undefined || to === undefined) continue;
    graph.set(from, (graph.get(from) ?? new Set()).add(to));
  }
  return graph;
}

class EdgeSum {
  readonly #caller: JoinedEdge['caller'];
  readonly #callee: JoinedEdge['callee'];
  readonly #digest: LatencyDigest = createDigest();
  #rate = 0;
  #errorRate = 0;
  #instances = 0;

  constructor(service: string, { caller, callee }: EdgeReport) {
    this.#caller = { service, operation: caller };
    this.#callee = { service: callee.service, operation: callee.operation };
  }

  add({ ratePerSecond, errorRatio, digest }: EdgeReport): void {
    this.#rate += ratePerSecond;
    this.#errorRate += ratePerSecond * errorRatio;
    this.#instances++;
    if (digest) this.#digest.merge(digestOf(digest));
  }

  joined(): JoinedEdge {
    return {
      caller: this.#caller,
      callee: this.#callee,
      ratePerSecond: this.#rate,
      errorRatio: this.#rate === 0 ? 0 : this.#errorRate / this.#rate,
      latency: this.#digest.snapshot(),
      instances: this.#instances,
    };
  }
}
