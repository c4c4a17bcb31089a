/** Reading what another process says it is: a report that is none must not disturb the map of all others. */
import type { DigestData, LatencySnapshot } from '@fwk/kernel';
import type { DatastoreReport, EdgeReport, TopologyReport } from './topology-report.js';

/** Most edges and data stores that are taken of one report, and longest text, in characters. */
const maxEdges = 10_000;
const maxDatastores = 1000;
const maxTextLength = 256;

/** The report in data from outside; undefined for data that are none. Edges that cannot be read are left out. */
export function readTopologyReport(data: unknown): TopologyReport | undefined {
  if (!isRecord(data)) return undefined;
  const { service, version, instance, windowMs, edges, datastores } = data;
  if (!isText(service) || !isText(version) || !isText(instance) || !Array.isArray(edges)) return undefined;
  return {
    service,
    version,
    instance,
    windowMs: countOf(windowMs),
    edges: edges
      .slice(0, maxEdges)
      .map(readEdge)
      .filter((edge) => edge !== undefined),
    datastores: listOf(datastores).slice(0, maxDatastores).filter(isDatastore),
  };
}

function readEdge(data: unknown): EdgeReport | undefined {
  if (!isRecord(data) || !isText(data.caller) || !isRecord(data.callee)) return undefined;
  const { service, operation } = data.callee;
  if (!isText(service) || !isText(operation)) return undefined;
  return {
    caller: data.caller,
    callee: { service, operation },
    calls: countOf(data.calls),
    errors: countOf(data.errors),
    ratePerSecond: countOf(data.ratePerSecond),
    errorRatio: Math.min(1, countOf(data.errorRatio)),
    // Nobody reads it of a report that is joined; the digest says it for all together.
    latency: noLatency,
    // Checked where it is merged.
    ...(isRecord(data.digest) && { digest: data.digest as Partial<DigestData> as DigestData }),
  };
}

const noLatency: LatencySnapshot = Object.freeze({
  count: 0,
  meanMs: 0,
  minMs: 0,
  maxMs: 0,
  p50Ms: 0,
  p90Ms: 0,
  p95Ms: 0,
  p99Ms: 0,
  p999Ms: 0,
});

function isDatastore(data: unknown): data is DatastoreReport {
  return isRecord(data) && isText(data.kind) && isText(data.name) && isText(data.component);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength;
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
