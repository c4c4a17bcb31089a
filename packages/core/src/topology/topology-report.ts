import { createDigest, type Datastore, type DigestData, digestData, type LatencySnapshot } from '@fwk/kernel';
import type { Edge } from './edge.js';

/** One edge, as an instance tells it. */
export interface EdgeReport {
  /** The operation of ours that called; empty for what nobody asked for, such as timers. */
  readonly caller: string;
  readonly callee: { readonly service: string; readonly operation: string };
  /** Since the edge is known. */
  readonly calls: number;
  readonly errors: number;
  /** Of the last one to two windows: calls a second, and their share that failed. */
  readonly ratePerSecond: number;
  readonly errorRatio: number;
  /** Of the same time, whole calls with all their attempts. */
  readonly latency: LatencySnapshot;
  /** The digest that `latency` was read from, for whoever joins edges; only when asked for. */
  readonly digest?: DigestData;
}

/** A data store that a component uses, with the component. */
export interface DatastoreReport extends Datastore {
  readonly component: string;
}

/** What one instance knows: whom it calls, and where it keeps data. */
export interface TopologyReport {
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  readonly windowMs: number;
  readonly edges: readonly EdgeReport[];
  readonly datastores: readonly DatastoreReport[];
}

/** Says an edge as it stands now. */
export function edgeReport(edge: Edge, nowMs: number, withDigest: boolean): EdgeReport {
  const { windows, ms } = edge.recent(nowMs);
  const digest = createDigest();
  for (const { latency } of windows) digest.merge(latency);
  const calls = windows.reduce((sum, window) => sum + window.calls, 0);
  const errors = windows.reduce((sum, window) => sum + window.errors, 0);
  return {
    caller: edge.caller,
    callee: { service: edge.service, operation: edge.operation },
    calls: edge.calls,
    errors: edge.errors,
    ratePerSecond: (calls * 1000) / ms,
    errorRatio: calls === 0 ? 0 : errors / calls,
    latency: digest.snapshot(),
    ...(withDigest && { digest: digestData(digest) }),
  };
}
