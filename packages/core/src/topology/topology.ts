/**
 * Whom this instance calls: an edge for each pair of calling and called operation, with rate, errors and latencies of the last one
 * to two minutes. The number of edges is bounded; an edge that has been idle makes room for a new one.
 */
import { type AppInfo, type Counter, type Meter, type Token, token } from '@fwk/kernel';
import { coreMetrics } from '../core-metrics.js';
import { Edge } from './edge.js';
import { checkTopologyOptions, type TopologyOptions } from './topology-options.js';
import { type DatastoreReport, edgeReport, type TopologyReport } from './topology-report.js';

/** Edges to one operation. */
export interface CalleeEdges {
  /**
   * One call is over.
   * @param caller - the operation that was being handled; empty for none
   * @param nowMs - on the clock of the topology; the caller has read it anyway
   */
  record(caller: string, ms: number, failed: boolean, nowMs: number): void;
}

/** What an instance knows of the calls between services. */
export interface Topology {
  /** Edges to an operation of a service. Ask once and keep it. */
  callee(service: string, operation: string): CalleeEdges;
  /** @param withDigests - whether edges come with their digests, by which others can join them. @defaultValue false */
  report(withDigests?: boolean): TopologyReport;
}

/** The topology of the application. */
export const topologyToken: Token<Topology> = token('topology');

/** Longest name of a calling operation that is kept, in characters; longer ones are cut. */
const maxCallerLength = 128;

/**
 * Makes a topology.
 * @param datastores - asked when somebody looks
 * @throws OptionsError for options out of range.
 */
export function createTopology(
  app: AppInfo,
  metrics: Meter,
  datastores: () => readonly DatastoreReport[],
  options: Partial<TopologyOptions> = {},
): Topology {
  return new BoundedTopology(app, metrics, datastores, checkTopologyOptions(options));
}

class BoundedTopology implements Topology {
  readonly #app: AppInfo;
  readonly #datastores: () => readonly DatastoreReport[];
  readonly #options: TopologyOptions;
  readonly #callees = new Map<string, BoundCallee>();
  readonly #folded: Counter;
  #edges = 0;
  /** When idle edges were last looked for in vain. */
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(app: AppInfo, metrics: Meter, datastores: () => readonly DatastoreReport[], options: TopologyOptions) {
    this.#app = app;
    this.#datastores = datastores;
    this.#options = options;
    this.#folded = metrics.counter(coreMetrics['fwk.topology.folded']);
  }

  callee(service: string, operation: string): CalleeEdges {
    const key = JSON.stringify([service, operation]);
    const known = this.#callees.get(key);
    if (known) return known;
    const made = new BoundCallee((caller, nowMs) => this.#open(caller, service, operation, nowMs));
    this.#callees.set(key, made);
    return made;
  }

  report(withDigests = false): TopologyReport {
    const nowMs = this.#options.clock.now();
    const { name: service, version, instanceId: instance } = this.#app;
    const edges = [...this.#callees.values()].flatMap((callee) => [...callee.edges.values()]);
    return {
      service,
      version,
      instance,
      windowMs: this.#options.windowMs,
      edges: edges.map((edge) => edgeReport(edge, nowMs, withDigests)),
      datastores: this.#datastores(),
    };
  }

  #open(caller: string, service: string, operation: string, nowMs: number): Edge | undefined {
    const { maxEdges, windowMs } = this.#options;
    if (this.#edges >= maxEdges && !this.#makeRoom(nowMs)) {
      this.#folded.add();
      return undefined;
    }
    this.#edges++;
    return new Edge(caller, service, operation, windowMs, nowMs);
  }

  /** Forgets edges that are idle; looks at most once a window. */
  #makeRoom(nowMs: number): boolean {
    if (nowMs - this.#lookedAtMs < this.#options.windowMs) return false;
    this.#lookedAtMs = nowMs;
    const before = this.#edges;
    for (const { edges } of this.#callees.values()) {
      for (const [caller, edge] of edges) {
        if (!edge.idle(nowMs)) continue;
        edges.delete(caller);
        this.#edges--;
      }
    }
    return this.#edges < before;
  }
}

/** The edges to one operation, by the operation that calls. */
class BoundCallee implements CalleeEdges {
  readonly edges = new Map<string, Edge>();
  readonly #open: (caller: string, nowMs: number) => Edge | undefined;

  constructor(open: (caller: string, nowMs: number) => Edge | undefined) {
    this.#open = open;
  }

  record(caller: string, ms: number, failed: boolean, nowMs: number): void {
    const edge = this.edges.get(caller) ?? this.#find(caller.slice(0, maxCallerLength), nowMs);
    edge?.record(ms, failed, nowMs);
  }

  #find(caller: string, nowMs: number): Edge | undefined {
    const known = this.edges.get(caller);
    if (known) return known;
    const made = this.#open(caller, nowMs);
    if (made) this.edges.set(caller, made);
    return made;
  }
}
